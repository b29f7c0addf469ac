package main

import (
	"context"
	"time"

	v1 "github.com/auth0/go-auth0/management"
)

const phoneTrigger = "custom-phone-provider"

var background = context.Background()

func clientV1(options ...v1.Option) *v1.Management {
	id, secret := environment("AUTH0_CLIENT_ID"), environment("AUTH0_CLIENT_SECRET")
	options = append([]v1.Option{v1.WithClientCredentials(background, id, secret)}, options...)
	made, err := v1.New(environment("AUTH0_DOMAIN"), options...)
	must(err)
	return made
}

func unifiedV1(j *journal) {
	auth0 := clientV1()
	settingsV1(j, auth0)
	actionsV1(j, auth0)
	brandingV1(j, auth0)
	guardianV1(j, auth0)
	forbiddenV1(j, auth0)
	logsV1(j, auth0)
	beyondV1(j, auth0)
	errorsV1(j, auth0)
	tidyV1(j, auth0)
}

func settingsV1(j *journal, auth0 *v1.Management) {
	value(j, "settings.read", func() (*v1.Tenant, error) { return auth0.Tenant.Read(background) })
	changed := from[v1.Tenant](`{"friendly_name":"みらい銀行","enabled_locales":["ja","en"],
		"flags":{"mfa_show_factor_list_on_enrollment":true}}`)
	j.do("settings.update", func() error { return auth0.Tenant.Update(background, changed) })
	// A client that manages flags writes back those that it does not change.
	j.do("settings.write flags back", func() error {
		found, err := auth0.Tenant.Read(background)
		if err != nil {
			return err
		}
		return auth0.Tenant.Update(background, &v1.Tenant{Flags: found.Flags})
	})
	value(j, "settings.read again", func() (*v1.Tenant, error) { return auth0.Tenant.Read(background) })
}

// built waits as the Terraform provider does before it deploys.
func built(auth0 *v1.Management, id string) error {
	for {
		action, err := auth0.Action.Read(background, id)
		if err != nil || action.GetStatus() == v1.ActionStatusBuilt {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func actionsV1(j *journal, auth0 *v1.Management) {
	value(j, "actions.triggers", func() (*v1.ActionTriggerList, error) {
		return auth0.Action.Triggers(background)
	})
	action := from[v1.Action](`{"name":"sender","runtime":"node22",
		"supported_triggers":[{"id":"custom-phone-provider","version":"v1"}],
		"code":"exports.onExecuteCustomPhoneProvider = async () => {};",
		"secrets":[{"name":"KEY","value":"canary"}]}`)
	j.step("actions.create", func() (any, error) {
		return action, auth0.Action.Create(background, action)
	})
	id := action.GetID()
	j.do("actions.build", func() error { return built(auth0, id) })
	first := value(j, "actions.deploy", func() (*v1.ActionVersion, error) {
		return auth0.Action.Deploy(background, id)
	})
	value(j, "actions.read", func() (*v1.Action, error) { return auth0.Action.Read(background, id) })
	update := from[v1.Action](`{"name":"sender","runtime":"node22",
		"supported_triggers":[{"id":"custom-phone-provider","version":"v1"}],
		"code":"exports.onExecuteCustomPhoneProvider = async () => { /* 2 */ };",
		"secrets":[{"name":"KEY","value":"canary 2"},{"name":"OTHER","value":"canary 3"}]}`)
	j.step("actions.update", func() (any, error) {
		return update, auth0.Action.Update(background, id, update)
	})
	j.do("actions.build again", func() error { return built(auth0, id) })
	value(j, "actions.deploy again", func() (*v1.ActionVersion, error) {
		return auth0.Action.Deploy(background, id)
	})
	value(j, "actions.versions", func() (*v1.ActionVersionList, error) {
		return auth0.Action.Versions(background, id)
	})
	value(j, "actions.version", func() (*v1.ActionVersion, error) {
		return auth0.Action.Version(background, id, first.GetID())
	})
	value(j, "actions.rollback", func() (*v1.ActionVersion, error) {
		return auth0.Action.DeployVersion(background, id, first.GetID())
	})
	value(j, "actions.read rolled back", func() (*v1.Action, error) {
		return auth0.Action.Read(background, id)
	})
	payload := &v1.ActionTestPayload{"notification": map[string]any{"recipient": "+819012345678"}}
	j.step("actions.test", func() (any, error) {
		return payload, auth0.Action.Test(background, id, payload)
	})
	value(j, "actions.list", func() (*v1.ActionList, error) {
		return auth0.Action.List(background, v1.Parameter("triggerId", phoneTrigger), v1.Parameter("actionName", "sender"))
	})
	value(j, "actions.list a page", func() (*v1.ActionList, error) {
		return auth0.Action.List(background, v1.Page(1), v1.PerPage(1))
	})
	bindings := []*v1.ActionBinding{from[v1.ActionBinding](
		`{"ref":{"type":"action_name","value":"sender"},"display_name":"Sender"}`,
	)}
	j.do("actions.bind", func() error {
		return auth0.Action.UpdateBindings(background, phoneTrigger, bindings)
	})
	// Page by page until there is no next, as the provider reads them.
	j.step("actions.bindings", func() (any, error) {
		pages := []*v1.ActionBindingList{}
		for page := 0; ; page++ {
			found, err := auth0.Action.Bindings(background, phoneTrigger, v1.Page(page), v1.PerPage(100))
			if err != nil {
				return nil, err
			}
			if pages = append(pages, found); !found.HasNext() {
				return pages, nil
			}
		}
	})
	j.do("actions.delete a bound one", func() error { return auth0.Action.Delete(background, id) })
	j.do("actions.unbind", func() error {
		return auth0.Action.UpdateBindings(background, phoneTrigger, []*v1.ActionBinding{})
	})
}

func brandingV1(j *journal, auth0 *v1.Management) {
	branding := auth0.Branding
	value(j, "providers.list none", func() (*v1.BrandingPhoneProviderList, error) {
		return branding.ListPhoneProviders(background)
	})
	provider := from[v1.BrandingPhoneProvider](`{"name":"custom","disabled":false,"credentials":{},
		"configuration":{"delivery_methods":["text","voice"]}}`)
	j.step("providers.create", func() (any, error) {
		return provider, branding.CreatePhoneProvider(background, provider)
	})
	id := provider.GetID()
	value(j, "providers.list", func() (*v1.BrandingPhoneProviderList, error) {
		return branding.ListPhoneProviders(background)
	})
	value(j, "providers.read", func() (*v1.BrandingPhoneProvider, error) {
		return branding.ReadPhoneProvider(background, id)
	})
	twilio := from[v1.BrandingPhoneProvider](`{"name":"twilio","credentials":{"auth_token":"t"},
		"configuration":{"sid":"s","default_from":"+815012345678","delivery_methods":["text"]}}`)
	j.step("providers.update to twilio", func() (any, error) {
		return twilio, branding.UpdatePhoneProvider(background, id, twilio)
	})
	custom := from[v1.BrandingPhoneProvider](`{"name":"custom","credentials":{},
		"configuration":{"delivery_methods":["text","voice"]}}`)
	j.step("providers.update back", func() (any, error) {
		return custom, branding.UpdatePhoneProvider(background, id, custom)
	})
	try := from[v1.BrandingTryPhoneProvider](`{"to":"+819012345678","delivery_method":"text"}`)
	j.step("providers.try", func() (any, error) {
		err := branding.TryPhoneProvider(background, id, try)
		return map[string]any{"code": try.Code, "message": try.Message}, err
	})

	value(j, "templates.list defaults", func() (*v1.BrandingPhoneNotificationTemplateList, error) {
		return branding.ListPhoneNotificationTemplate(background)
	})
	template := from[v1.BrandingPhoneNotificationTemplate](`{"type":"otp_verify","disabled":false,
		"content":{"syntax":"liquid","from":"0005212345","body":{"text":"{{ code }}","voice":"{{ code }}"}}}`)
	j.step("templates.create", func() (any, error) {
		return template, branding.CreatePhoneNotificationTemplate(background, template)
	})
	templateID := template.GetID()
	again := from[v1.BrandingPhoneNotificationTemplate](
		`{"type":"otp_verify","content":{"syntax":"liquid","body":{"text":"{{ code }}"}}}`,
	)
	j.do("templates.create twice", func() error {
		return branding.CreatePhoneNotificationTemplate(background, again)
	})
	value(j, "templates.read", func() (*v1.BrandingPhoneNotificationTemplate, error) {
		return branding.ReadPhoneNotificationTemplate(background, templateID)
	})
	changed := from[v1.BrandingPhoneNotificationTemplate](`{"type":"otp_verify","disabled":true,
		"content":{"syntax":"liquid","body":{"text":"{{ code }} !"}}}`)
	j.step("templates.update", func() (any, error) {
		return changed, branding.UpdatePhoneNotificationTemplate(background, templateID, changed)
	})
	value(j, "templates.list", func() (*v1.BrandingPhoneNotificationTemplateList, error) {
		return branding.ListPhoneNotificationTemplate(background)
	})
	tryTemplate := from[v1.BrandingTryPhoneNotificationTemplate](
		`{"to":"+819012345678","delivery_method":"voice"}`,
	)
	j.do("templates.try", func() error {
		return branding.TryPhoneNotificationTemplate(background, templateID, tryTemplate)
	})
	j.do("templates.reset", func() error {
		return branding.ResetPhoneNotificationTemplate(background, templateID)
	})
	value(j, "templates.read reset", func() (*v1.BrandingPhoneNotificationTemplate, error) {
		return branding.ReadPhoneNotificationTemplate(background, templateID)
	})
	j.do("templates.delete", func() error {
		return branding.DeletePhoneNotificationTemplate(background, templateID)
	})
}

func logsV1(j *journal, auth0 *v1.Management) {
	logs := value(j, "logs.list", func() ([]*v1.Log, error) {
		return auth0.Log.List(background, v1.Page(0), v1.PerPage(5), v1.IncludeTotals(false))
	})
	value(j, "logs.search", func() ([]*v1.Log, error) {
		return auth0.Log.Search(background, v1.Query(`type:"gd_send_sms"`), v1.PerPage(5))
	})
	if len(logs) == 0 {
		stop("the sandbox was started without an entry in its log")
	}
	value(j, "logs.read", func() (*v1.Log, error) { return auth0.Log.Read(background, logs[0].GetID()) })
	value(j, "logs.from a checkpoint", func() ([]*v1.Log, error) {
		oldest := logs[len(logs)-1].GetID()
		return auth0.Log.List(background, v1.From(oldest), v1.Take(2))
	})
}

func beyondV1(j *journal, auth0 *v1.Management) {
	value(j, "beyond.clients", func() (*v1.ClientList, error) { return auth0.Client.List(background) })
}

func errorsV1(j *journal, auth0 *v1.Management) {
	const nobody = "00000000-0000-4000-8000-000000000000"
	value(j, "errors.action", func() (*v1.Action, error) { return auth0.Action.Read(background, nobody) })
	value(j, "errors.execution", func() (*v1.ActionExecution, error) {
		return auth0.Action.Execution(background, nobody)
	})
	value(j, "errors.provider", func() (*v1.BrandingPhoneProvider, error) {
		return auth0.Branding.ReadPhoneProvider(background, "pro_0000000000000000000000")
	})
	j.do("errors.template", func() error {
		return auth0.Branding.DeletePhoneNotificationTemplate(background, "tem_0000000000000000000000")
	})
	j.do("errors.body", func() error {
		return auth0.Guardian.MultiFactor.Phone.UpdateMessageTypes(
			background, from[v1.PhoneMessageTypes](`{"message_types":["fax"]}`),
		)
	})
	value(j, "errors.query", func() (*v1.ActionList, error) {
		return auth0.Action.List(background, v1.IncludeTotals(true))
	})
	stranger, err := v1.New(
		environment("AUTH0_DOMAIN"),
		v1.WithClientCredentials(background, environment("AUTH0_CLIENT_ID"), "wrong"),
	)
	must(err)
	value(j, "errors.secret", func() (*v1.Tenant, error) { return stranger.Tenant.Read(background) })
	forged, err := v1.New(environment("AUTH0_DOMAIN"), v1.WithStaticToken("forged"))
	must(err)
	value(j, "errors.token", func() (*v1.Tenant, error) { return forged.Tenant.Read(background) })
}

// tidyV1 leaves nothing behind, in the order in which a stack is destroyed.
func tidyV1(j *journal, auth0 *v1.Management) {
	j.do("tidy.providers", func() error {
		found, err := auth0.Branding.ListPhoneProviders(background)
		if err != nil {
			return err
		}
		for _, one := range found.Providers {
			if err := auth0.Branding.DeletePhoneProvider(background, one.GetID()); err != nil {
				return err
			}
		}
		return nil
	})
	j.do("tidy.actions", func() error {
		found, err := auth0.Action.List(background)
		if err != nil {
			return err
		}
		for _, one := range found.Actions {
			if err := auth0.Action.Delete(background, one.GetID()); err != nil {
				return err
			}
		}
		return nil
	})
}

// limitedV1 asks more often than the tenant allows; the SDK waits and asks again.
func limitedV1(j *journal) {
	auth0 := clientV1(v1.WithRetries(5, []int{429}))
	j.do("limited.reads", func() error {
		for range 4 {
			if _, err := auth0.Tenant.Read(background); err != nil {
				return err
			}
		}
		return nil
	})
}

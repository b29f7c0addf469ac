package main

import (
	"context"
	"errors"
	"strconv"

	v2 "github.com/auth0/go-auth0/v2/management"
	"github.com/auth0/go-auth0/v2/management/client"
	"github.com/auth0/go-auth0/v2/management/core"
	"github.com/auth0/go-auth0/v2/management/option"
)

func statusOfGenerated(err error) int {
	var generated *core.APIError
	if errors.As(err, &generated) {
		return generated.StatusCode
	}
	return 0
}

func clientV2() *client.Management {
	made, err := client.New(
		environment("AUTH0_DOMAIN"),
		option.WithClientCredentials(
			context.Background(), environment("AUTH0_CLIENT_ID"), environment("AUTH0_CLIENT_SECRET"),
		),
	)
	must(err)
	return made
}

func unifiedV2(j *journal) {
	auth0 := clientV2()
	value(j, "settings.read", func() (*v2.GetTenantSettingsResponseContent, error) {
		return auth0.Tenants.Settings.Get(background, &v2.GetTenantSettingsRequestParameters{})
	})
	value(j, "settings.update", func() (*v2.UpdateTenantSettingsResponseContent, error) {
		return auth0.Tenants.Settings.Update(
			background, from[v2.UpdateTenantSettingsRequestContent](`{"friendly_name":"みらい銀行"}`),
		)
	})
	actionsV2(j, auth0)
	brandingV2(j, auth0)
	guardianV2(j, auth0)
	logsV2(j, auth0)
	beyondV2(j, auth0)
	errorsV2(j, auth0)
}

func actionsV2(j *journal, auth0 *client.Management) {
	actions := auth0.Actions
	value(j, "actions.triggers", func() (*v2.ListActionTriggersResponseContent, error) {
		return actions.Triggers.List(background)
	})
	action := value(j, "actions.create", func() (*v2.CreateActionResponseContent, error) {
		return actions.Create(background, from[v2.CreateActionRequestContent](`{"name":"sender",
			"supported_triggers":[{"id":"custom-phone-provider","version":"v1"}],
			"code":"exports.onExecuteCustomPhoneProvider = async () => {};",
			"secrets":[{"name":"KEY","value":"canary"}]}`))
	})
	id := action.GetID()
	value(j, "actions.read", func() (*v2.GetActionResponseContent, error) {
		return actions.Get(background, id)
	})
	first := value(j, "actions.deploy", func() (*v2.DeployActionResponseContent, error) {
		return actions.Deploy(background, id)
	})
	value(j, "actions.update", func() (*v2.UpdateActionResponseContent, error) {
		return actions.Update(background, id, from[v2.UpdateActionRequestContent](
			`{"code":"exports.onExecuteCustomPhoneProvider = async () => { /* 2 */ };"}`))
	})
	value(j, "actions.version", func() (*v2.GetActionVersionResponseContent, error) {
		return actions.Versions.Get(background, id, first.GetID())
	})
	value(j, "actions.rollback", func() (*v2.DeployActionVersionResponseContent, error) {
		return actions.Versions.Deploy(
			background, id, first.GetID(), from[v2.DeployActionVersionRequestContent](`{"update_draft":true}`),
		)
	})
	j.step("actions.versions", func() (any, error) {
		page, err := actions.Versions.List(background, id, &v2.ListActionVersionsRequestParameters{})
		if err != nil {
			return nil, err
		}
		return page.Results, nil
	})
	value(j, "actions.test", func() (*v2.TestActionResponseContent, error) {
		return actions.Test(background, id, from[v2.TestActionRequestContent](`{"payload":{}}`))
	})
	j.step("actions.list", func() (any, error) {
		names := []string{}
		page, err := actions.List(background, from[v2.ListActionsRequestParameters](`{}`))
		if err != nil {
			return nil, err
		}
		// The SDK's own pager: it ends at a page that holds nothing.
		found := page.Iterator()
		for found.Next(background) {
			names = append(names, found.Current().GetName())
		}
		return names, found.Err()
	})
	trigger := v2.ActionTriggerTypeEnum(phoneTrigger)
	value(j, "actions.bind", func() (*v2.UpdateActionBindingsResponseContent, error) {
		return actions.Triggers.Bindings.UpdateMany(background, &trigger, from[v2.UpdateActionBindingsRequestContent](
			`{"bindings":[{"ref":{"type":"action_name","value":"sender"},"display_name":"Sender"}]}`))
	})
	j.step("actions.bindings", func() (any, error) {
		page, err := actions.Triggers.Bindings.List(
			background, &trigger, &v2.ListActionTriggerBindingsRequestParameters{},
		)
		if err != nil {
			return nil, err
		}
		return page.Results, nil
	})
	j.do("actions.delete a bound one", func() error {
		return actions.Delete(background, id, &v2.DeleteActionRequestParameters{})
	})
	value(j, "actions.unbind", func() (*v2.UpdateActionBindingsResponseContent, error) {
		return actions.Triggers.Bindings.UpdateMany(
			background, &trigger, from[v2.UpdateActionBindingsRequestContent](`{"bindings":[]}`),
		)
	})
}

func brandingV2(j *journal, auth0 *client.Management) {
	providers, templates := auth0.Branding.Phone.Providers, auth0.Branding.Phone.Templates
	provider := value(j, "providers.create", func() (*v2.CreateBrandingPhoneProviderResponseContent, error) {
		// Spelt out: the SDK's decoder of its unions takes every provider for Twilio.
		return providers.Create(background, &v2.CreateBrandingPhoneProviderRequestContent{
			Name:        "custom",
			Credentials: &v2.PhoneProviderCredentials{CustomProviderCredentials: &v2.CustomProviderCredentials{}},
			Configuration: &v2.PhoneProviderConfiguration{
				CustomProviderConfiguration: from[v2.CustomProviderConfiguration](
					`{"delivery_methods":["text","voice"]}`),
			},
		})
	})
	id := provider.GetID()
	value(j, "providers.list", func() (*v2.ListBrandingPhoneProvidersResponseContent, error) {
		return providers.List(background, &v2.ListBrandingPhoneProvidersRequestParameters{})
	})
	value(j, "providers.update", func() (*v2.UpdateBrandingPhoneProviderResponseContent, error) {
		return providers.Update(
			background, id, from[v2.UpdateBrandingPhoneProviderRequestContent](`{"disabled":false}`),
		)
	})
	value(j, "providers.read", func() (*v2.GetBrandingPhoneProviderResponseContent, error) {
		return providers.Get(background, id)
	})
	value(j, "providers.try", func() (*v2.CreatePhoneProviderSendTestResponseContent, error) {
		return providers.Test(background, id, from[v2.CreatePhoneProviderSendTestRequestContent](
			`{"to":"+819012345678","delivery_method":"text"}`))
	})
	value(j, "templates.list", func() (*v2.ListPhoneTemplatesResponseContent, error) {
		return templates.List(background, &v2.ListPhoneTemplatesRequestParameters{})
	})
	template := value(j, "templates.create", func() (*v2.CreatePhoneTemplateResponseContent, error) {
		return templates.Create(background, from[v2.CreatePhoneTemplateRequestContent](`{"type":"otp_enroll",
			"disabled":false,"content":{"body":{"text":"{{ code }}","voice":"{{ code }}"}}}`))
	})
	templateID := template.GetID()
	value(j, "templates.update", func() (*v2.UpdatePhoneTemplateResponseContent, error) {
		return templates.Update(
			background, templateID, from[v2.UpdatePhoneTemplateRequestContent](`{"disabled":true}`),
		)
	})
	value(j, "templates.read", func() (*v2.GetPhoneTemplateResponseContent, error) {
		return templates.Get(background, templateID)
	})
	value(j, "templates.reset", func() (*v2.ResetPhoneTemplateResponseContent, error) {
		return templates.Reset(background, templateID, map[string]any{})
	})
	value(j, "templates.try", func() (*v2.CreatePhoneTemplateTestNotificationResponseContent, error) {
		return templates.Test(background, templateID, from[v2.CreatePhoneTemplateTestNotificationRequestContent](
			`{"to":"+819012345678","delivery_method":"voice"}`))
	})
	j.do("templates.delete", func() error { return templates.Delete(background, templateID) })
	j.do("providers.delete", func() error { return providers.Delete(background, id) })
}

func logsV2(j *journal, auth0 *client.Management) {
	// The pager asks on until a page is empty; a few entries a page make it ask more than once.
	j.step("logs.list", func() (any, error) {
		page, err := auth0.Logs.List(background, from[v2.ListLogsRequestParameters](`{}`))
		if err != nil {
			return nil, err
		}
		kinds := map[string]int{}
		found := page.Iterator()
		for found.Next(background) {
			kinds[strconv.Quote(*found.Current().Type)]++
		}
		return kinds, found.Err()
	})
}

func beyondV2(j *journal, auth0 *client.Management) {
	j.step("beyond.clients", func() (any, error) {
		page, err := auth0.Clients.List(background, from[v2.ListClientsRequestParameters](`{}`))
		if err != nil {
			return nil, err
		}
		return len(page.Results), nil
	})
	j.step("beyond.modules", func() (any, error) {
		page, err := auth0.Actions.Modules.List(background, &v2.GetActionModulesRequestParameters{})
		if err != nil {
			return nil, err
		}
		return len(page.Results), nil
	})
}

func errorsV2(j *journal, auth0 *client.Management) {
	const nobody = "00000000-0000-4000-8000-000000000000"
	value(j, "errors.action", func() (*v2.GetActionResponseContent, error) {
		return auth0.Actions.Get(background, nobody)
	})
	value(j, "errors.execution", func() (*v2.GetActionExecutionResponseContent, error) {
		return auth0.Actions.Executions.Get(background, nobody)
	})
	value(j, "errors.log", func() (*v2.GetLogResponseContent, error) {
		return auth0.Logs.Get(background, "nope")
	})
	value(j, "errors.body", func() (*v2.CreatePhoneTemplateResponseContent, error) {
		return auth0.Branding.Phone.Templates.Create(background, from[v2.CreatePhoneTemplateRequestContent](
			`{"type":"otp_verify","content":{"from":"","body":{"text":"{{ code }}"}}}`))
	})
	value(j, "errors.forbidden", func() (*v2.GetGuardianFactorsProviderPhoneResponseContent, error) {
		return auth0.Guardian.Factors.Phone.GetSelectedProvider(background)
	})
}

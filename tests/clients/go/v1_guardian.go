package main

import v1 "github.com/auth0/go-auth0/management"

func guardianV1(j *journal, auth0 *v1.Management) {
	mfa := auth0.Guardian.MultiFactor
	value(j, "guardian.factors", func() ([]*v1.MultiFactor, error) { return mfa.List(background) })
	value(j, "guardian.policy unset", func() (*v1.MultiFactorPolicies, error) {
		return mfa.Policy(background)
	})
	j.do("guardian.policy always", func() error {
		return mfa.UpdatePolicy(background, &v1.MultiFactorPolicies{"all-applications"})
	})
	value(j, "guardian.policy", func() (*v1.MultiFactorPolicies, error) { return mfa.Policy(background) })
	phoneV1(j, mfa)
	pushV1(j, mfa)
	otherFactorsV1(j, mfa)
	// What the provider does when the resource is destroyed.
	j.do("guardian.destroy", func() error {
		steps := []func() error{
			func() error { return mfa.UpdatePolicy(background, &v1.MultiFactorPolicies{}) },
			func() error { return mfa.Phone.Enable(background, false) },
			func() error { return mfa.Email.Enable(background, false) },
			func() error { return mfa.OTP.Enable(background, false) },
			func() error { return mfa.RecoveryCode.Enable(background, false) },
			func() error { return mfa.WebAuthnRoaming.Enable(background, false) },
			func() error { return mfa.WebAuthnPlatform.Enable(background, false) },
			func() error { return mfa.DUO.Enable(background, false) },
			func() error { return mfa.Push.Enable(background, false) },
		}
		for _, run := range steps {
			if err := run(); err != nil {
				return err
			}
		}
		return nil
	})
}

func phoneV1(j *journal, mfa *v1.MultiFactorManager) {
	value(j, "phone.message types unset", func() (*v1.PhoneMessageTypes, error) {
		return mfa.Phone.MessageTypes(background)
	})
	j.do("phone.enable", func() error { return mfa.Phone.Enable(background, true) })
	for _, types := range []string{`["sms"]`, `["voice"]`, `["sms","voice"]`} {
		wanted := from[v1.PhoneMessageTypes](`{"message_types":` + types + `}`)
		j.do("phone.set message types "+types, func() error {
			return mfa.Phone.UpdateMessageTypes(background, wanted)
		})
	}
	value(j, "phone.message types", func() (*v1.PhoneMessageTypes, error) {
		return mfa.Phone.MessageTypes(background)
	})
}

// pushV1 goes the way of the provider's acceptance test: guardian, sns, an app, apns, fcm.
func pushV1(j *journal, mfa *v1.MultiFactorManager) {
	push := mfa.Push
	j.do("push.enable", func() error { return push.Enable(background, true) })
	value(j, "push.provider unset", func() (*v1.MultiFactorProvider, error) {
		return push.Provider(background)
	})
	value(j, "push.custom app unset", func() (*v1.MultiFactorPushCustomApp, error) {
		return push.CustomApp(background)
	})
	value(j, "push.apns unset", func() (*v1.MultiFactorPushDirectAPNS, error) {
		return push.DirectAPNS(background)
	})
	value(j, "push.sns unset", func() (*v1.MultiFactorProviderAmazonSNS, error) {
		return push.AmazonSNS(background)
	})
	j.do("push.set provider", func() error {
		return push.UpdateProvider(background, from[v1.MultiFactorProvider](`{"provider":"sns"}`))
	})
	value(j, "push.provider", func() (*v1.MultiFactorProvider, error) { return push.Provider(background) })
	j.do("push.set sns", func() error {
		return push.UpdateAmazonSNS(background, from[v1.MultiFactorProviderAmazonSNS](`{
			"aws_access_key_id":"id","aws_region":"ap-northeast-1","aws_secret_access_key":"canary",
			"sns_apns_platform_application_arn":"arn1","sns_gcm_platform_application_arn":"arn2"}`))
	})
	value(j, "push.sns", func() (*v1.MultiFactorProviderAmazonSNS, error) {
		return push.AmazonSNS(background)
	})
	j.do("push.set custom app", func() error {
		return push.UpdateCustomApp(background, from[v1.MultiFactorPushCustomApp](`{"app_name":"Mine",
			"apple_app_link":"https://example.com/a","google_app_link":"https://example.com/g"}`))
	})
	value(j, "push.custom app", func() (*v1.MultiFactorPushCustomApp, error) {
		return push.CustomApp(background)
	})
	j.do("push.set apns", func() error {
		return push.UpdateDirectAPNS(background, from[v1.MultiFactorPushDirectAPNS](
			`{"sandbox":false,"bundle_id":"com.example.app","p12":"canary"}`))
	})
	value(j, "push.apns", func() (*v1.MultiFactorPushDirectAPNS, error) {
		return push.DirectAPNS(background)
	})
	j.do("push.set fcm", func() error {
		return push.UpdateDirectFCM(background, from[v1.MultiFactorPushDirectFCM](`{"server_key":"canary"}`))
	})
	j.do("push.set fcmv1", func() error {
		return push.UpdateDirectFCMv1(
			background, from[v1.MultiFactorPushDirectFCMv1](`{"server_credentials":"canary"}`),
		)
	})
}

func otherFactorsV1(j *journal, mfa *v1.MultiFactorManager) {
	j.do("others.enable", func() error {
		enable := []func() error{
			func() error { return mfa.Email.Enable(background, true) },
			func() error { return mfa.OTP.Enable(background, true) },
			func() error { return mfa.RecoveryCode.Enable(background, true) },
			func() error { return mfa.WebAuthnRoaming.Enable(background, true) },
			func() error { return mfa.WebAuthnPlatform.Enable(background, true) },
			func() error { return mfa.DUO.Enable(background, true) },
		}
		for _, run := range enable {
			if err := run(); err != nil {
				return err
			}
		}
		return nil
	})
	value(j, "others.factors", func() ([]*v1.MultiFactor, error) { return mfa.List(background) })
	j.do("roaming.set", func() error {
		return mfa.WebAuthnRoaming.Update(
			background, from[v1.MultiFactorWebAuthnSettings](`{"userVerification":"required"}`),
		)
	})
	value(j, "roaming", func() (*v1.MultiFactorWebAuthnSettings, error) {
		return mfa.WebAuthnRoaming.Read(background)
	})
	j.do("platform.set", func() error {
		return mfa.WebAuthnPlatform.Update(background, from[v1.MultiFactorWebAuthnSettings](
			`{"overrideRelyingParty":true,"relyingPartyIdentifier":"example.com"}`))
	})
	value(j, "platform", func() (*v1.MultiFactorWebAuthnSettings, error) {
		return mfa.WebAuthnPlatform.Read(background)
	})
	j.do("duo.set", func() error {
		return mfa.DUO.Update(background, from[v1.MultiFactorDUOSettings](
			`{"host":"api-hostname","ikey":"someKey","skey":"someSecret"}`))
	})
	value(j, "duo", func() (*v1.MultiFactorDUOSettings, error) { return mfa.DUO.Read(background) })
}

// forbiddenV1 asks for the legacy delivery, which the unified experience refuses to everybody.
func forbiddenV1(j *journal, auth0 *v1.Management) {
	mfa := auth0.Guardian.MultiFactor
	value(j, "forbidden.provider", func() (*v1.MultiFactorProvider, error) {
		return mfa.Phone.Provider(background)
	})
	j.do("forbidden.set provider", func() error {
		return mfa.Phone.UpdateProvider(
			background, from[v1.MultiFactorProvider](`{"provider":"phone-message-hook"}`),
		)
	})
	value(j, "forbidden.template", func() (*v1.MultiFactorSMSTemplate, error) {
		return mfa.SMS.Template(background)
	})
	value(j, "forbidden.twilio", func() (*v1.MultiFactorProviderTwilio, error) {
		return mfa.SMS.Twilio(background)
	})
}

func legacyV1(j *journal) {
	auth0 := clientV1()
	mfa := auth0.Guardian.MultiFactor
	value(j, "settings.read", func() (*v1.Tenant, error) { return auth0.Tenant.Read(background) })
	value(j, "legacy.provider unset", func() (*v1.MultiFactorProvider, error) {
		return mfa.Phone.Provider(background)
	})
	value(j, "legacy.template unset", func() (*v1.MultiFactorSMSTemplate, error) {
		return mfa.SMS.Template(background)
	})
	value(j, "legacy.twilio unset", func() (*v1.MultiFactorProviderTwilio, error) {
		return mfa.SMS.Twilio(background)
	})
	j.do("legacy.enable", func() error { return mfa.SMS.Enable(background, true) })
	// The provider's order for an own provider, then for Twilio (auth0_guardian, §6.8).
	j.do("legacy.hook", func() error {
		return mfa.Phone.UpdateProvider(
			background, from[v1.MultiFactorProvider](`{"provider":"phone-message-hook"}`),
		)
	})
	template := from[v1.MultiFactorSMSTemplate](
		`{"enrollment_message":"{{code}} e","verification_message":"{{code}} v"}`,
	)
	j.do("legacy.set template", func() error { return mfa.SMS.UpdateTemplate(background, template) })
	value(j, "legacy.provider", func() (*v1.MultiFactorProvider, error) {
		return mfa.Phone.Provider(background)
	})
	value(j, "legacy.template", func() (*v1.MultiFactorSMSTemplate, error) {
		return mfa.SMS.Template(background)
	})
	j.do("legacy.twilio", func() error {
		return mfa.Phone.UpdateProvider(background, from[v1.MultiFactorProvider](`{"provider":"twilio"}`))
	})
	j.do("legacy.set twilio", func() error {
		return mfa.SMS.UpdateTwilio(background, from[v1.MultiFactorProviderTwilio](
			`{"from":"+815012345678","auth_token":"canary","sid":"sid"}`))
	})
	value(j, "legacy.read twilio", func() (*v1.MultiFactorProviderTwilio, error) {
		return mfa.SMS.Twilio(background)
	})
	j.do("legacy.message types", func() error {
		return mfa.Phone.UpdateMessageTypes(
			background, from[v1.PhoneMessageTypes](`{"message_types":["sms","voice"]}`),
		)
	})
	j.do("legacy.switch", func() error {
		return auth0.Tenant.Update(background, from[v1.Tenant](`{"phone_consolidated_experience":true}`))
	})
	value(j, "legacy.after the switch", func() (*v1.MultiFactorProvider, error) {
		return mfa.Phone.Provider(background)
	})
}

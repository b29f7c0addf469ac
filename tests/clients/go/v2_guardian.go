package main

import (
	v2 "github.com/auth0/go-auth0/v2/management"
	"github.com/auth0/go-auth0/v2/management/client"
)

func guardianV2(j *journal, auth0 *client.Management) {
	factors, policies := auth0.Guardian.Factors, auth0.Guardian.Policies
	value(j, "guardian.factors", func() ([]*v2.GuardianFactor, error) { return factors.List(background) })
	j.step("guardian.policy always", func() (any, error) {
		return policies.Set(background, []v2.MfaPolicyEnum{"all-applications"})
	})
	j.step("guardian.policy", func() (any, error) { return policies.List(background) })
	sms := v2.GuardianFactorNameEnum("sms")
	value(j, "phone.enable", func() (*v2.SetGuardianFactorResponseContent, error) {
		return factors.Set(background, &sms, from[v2.SetGuardianFactorRequestContent](`{"enabled":true}`))
	})
	value(j, "phone.set message types", func() (*v2.SetGuardianFactorPhoneMessageTypesResponseContent, error) {
		return factors.Phone.SetMessageTypes(
			background,
			from[v2.SetGuardianFactorPhoneMessageTypesRequestContent](`{"message_types":["sms","voice"]}`),
		)
	})
	value(j, "phone.message types", func() (*v2.GetGuardianFactorPhoneMessageTypesResponseContent, error) {
		return factors.Phone.GetMessageTypes(background)
	})
	pushV2(j, auth0)
	duo := factors.Duo.Settings
	j.step("duo.set", func() (any, error) {
		return duo.Set(background, from[v2.SetGuardianFactorDuoSettingsRequestContent](
			`{"host":"h","ikey":"i","skey":"canary"}`))
	})
	j.step("duo.update", func() (any, error) {
		return duo.Update(background, from[v2.UpdateGuardianFactorDuoSettingsRequestContent](`{"host":"h2"}`))
	})
	j.step("duo", func() (any, error) { return duo.Get(background) })
	j.step("guardian.policy never", func() (any, error) {
		return policies.Set(background, []v2.MfaPolicyEnum{})
	})
}

func pushV2(j *journal, auth0 *client.Management) {
	push := auth0.Guardian.Factors.PushNotification
	j.step("push.provider unset", func() (any, error) { return push.GetSelectedProvider(background) })
	j.step("push.set provider", func() (any, error) {
		return push.SetProvider(
			background, from[v2.SetGuardianFactorsProviderPushNotificationRequestContent](`{"provider":"direct"}`),
		)
	})
	j.step("push.set sns", func() (any, error) {
		return push.SetSnsProvider(
			background,
			from[v2.SetGuardianFactorsProviderPushNotificationSnsRequestContent](
				`{"aws_access_key_id":"id","aws_region":"r","aws_secret_access_key":"canary"}`),
		)
	})
	j.step("push.update sns", func() (any, error) {
		return push.UpdateSnsProvider(
			background,
			from[v2.UpdateGuardianFactorsProviderPushNotificationSnsRequestContent](`{"aws_region":"r2"}`),
		)
	})
	j.step("push.sns", func() (any, error) { return push.GetSnsProvider(background) })
	j.step("push.set apns", func() (any, error) {
		return push.SetApnsProvider(
			background,
			from[v2.SetGuardianFactorsProviderPushNotificationApnsRequestContent](
				`{"sandbox":true,"bundle_id":"b","p12":"canary"}`),
		)
	})
	j.step("push.update apns", func() (any, error) {
		return push.UpdateApnsProvider(
			background,
			from[v2.UpdateGuardianFactorsProviderPushNotificationApnsRequestContent](`{"bundle_id":"b2"}`),
		)
	})
	j.step("push.apns", func() (any, error) { return push.GetApnsProvider(background) })
	j.step("push.set fcm", func() (any, error) {
		return push.SetFcmProvider(
			background,
			from[v2.SetGuardianFactorsProviderPushNotificationFcmRequestContent](`{"server_key":"canary"}`),
		)
	})
	j.step("push.update fcm", func() (any, error) {
		return push.UpdateFcmProvider(
			background,
			from[v2.UpdateGuardianFactorsProviderPushNotificationFcmRequestContent](`{"server_key":"canary"}`),
		)
	})
	j.step("push.set fcmv1", func() (any, error) {
		return push.SetFcmv1Provider(
			background,
			from[v2.SetGuardianFactorsProviderPushNotificationFcmv1RequestContent](
				`{"server_credentials":"canary"}`),
		)
	})
	j.step("push.update fcmv1", func() (any, error) {
		return push.UpdateFcmv1Provider(
			background,
			from[v2.UpdateGuardianFactorsProviderPushNotificationFcmv1RequestContent](
				`{"server_credentials":"canary"}`),
		)
	})
}

func legacyV2(j *journal) {
	auth0 := clientV2()
	phone, sms := auth0.Guardian.Factors.Phone, auth0.Guardian.Factors.Sms
	j.step("phone.provider", func() (any, error) { return phone.GetSelectedProvider(background) })
	j.step("phone.set provider", func() (any, error) {
		return phone.SetProvider(
			background, from[v2.SetGuardianFactorsProviderPhoneRequestContent](`{"provider":"phone-message-hook"}`),
		)
	})
	j.step("sms.provider", func() (any, error) { return sms.GetSelectedProvider(background) })
	j.step("sms.set provider", func() (any, error) {
		return sms.SetProvider(
			background, from[v2.SetGuardianFactorsProviderSmsRequestContent](`{"provider":"twilio"}`),
		)
	})
	j.step("sms.templates unset", func() (any, error) { return sms.GetTemplates(background) })
	j.step("phone.templates unset", func() (any, error) { return phone.GetTemplates(background) })
	j.step("sms.set templates", func() (any, error) {
		return sms.SetTemplates(background, from[v2.SetGuardianFactorSmsTemplatesRequestContent](
			`{"enrollment_message":"{{code}} e","verification_message":"{{code}} v"}`))
	})
	j.step("sms.templates", func() (any, error) { return sms.GetTemplates(background) })
	j.step("phone.set templates", func() (any, error) {
		return phone.SetTemplates(background, from[v2.SetGuardianFactorPhoneTemplatesRequestContent](
			`{"enrollment_message":"{{code}} 2","verification_message":"{{code}} 3"}`))
	})
	j.step("phone.templates", func() (any, error) { return phone.GetTemplates(background) })
	j.step("sms.twilio unset", func() (any, error) { return sms.GetTwilioProvider(background) })
	j.step("sms.set twilio", func() (any, error) {
		return sms.SetTwilioProvider(background, from[v2.SetGuardianFactorsProviderSmsTwilioRequestContent](
			`{"from":"+1","auth_token":"canary","sid":"sid"}`))
	})
	j.step("phone.set twilio", func() (any, error) {
		return phone.SetTwilioProvider(background, from[v2.SetGuardianFactorsProviderPhoneTwilioRequestContent](
			`{"messaging_service_sid":"ms"}`))
	})
	j.step("phone.twilio", func() (any, error) { return phone.GetTwilioProvider(background) })
}

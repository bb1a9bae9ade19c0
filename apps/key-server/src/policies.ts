import { type Caps, type Policies, usualPolicies } from '@strongroom/pin-keys'
import type { ValuesOf } from '@strongroom/service'
import type { settings } from './settings.ts'

const DAY = 86_400

type Values = ValuesOf<typeof settings>

export const policiesFrom = (values: Values): Policies => ({
  pins: { ...usualPolicies.pins, guesses: values.PIN_GUESSES, window: values.PIN_WINDOW_DAYS * DAY },
  codes: usualPolicies.codes,
  resets: {
    ...usualPolicies.resets,
    delay: values.RESET_DELAY_DAYS * DAY,
    window: values.RESET_WINDOW_DAYS * DAY,
    contest: values.CONTEST_DAYS * DAY,
  },
})

export const capsFrom = (values: Values): Caps => ({
  email: { recipientPerDay: values.EMAILS_PER_ADDRESS, channelPerDay: values.EMAILS_IN_ALL },
  sms: {
    recipientPerDay: values.SMS_PER_NUMBER,
    prefixPerDay: values.SMS_PER_PREFIX,
    channelPerDay: values.SMS_IN_ALL,
  },
})

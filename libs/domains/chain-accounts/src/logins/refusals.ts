import { invalidProviderToken, providerUnavailable, unsupportedMethod } from '../refusals.ts'

/** What a login may be refused with. */
export const loginRefusals = [unsupportedMethod, invalidProviderToken, providerUnavailable] as const

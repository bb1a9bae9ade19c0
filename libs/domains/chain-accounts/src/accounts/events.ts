import { securityEvent } from '@strongroom/audit'
import { z } from 'zod'

const chain = z.object({ chain: z.string() })
const key = z.object({ key: z.string() })

export const accountSignedUp = securityEvent('account.signed-up', chain.extend({ provider: z.string() }))
export const deploymentAsked = securityEvent('account.deployment-asked', chain)
export const accountActivated = securityEvent('account.activated', chain)
/** Other code or other signers stand where ours should. */
export const foreignAccountFound = securityEvent('account.foreign-found', chain)
export const keyAdded = securityEvent('account.key-added', key)
export const keyActivated = securityEvent('account.key-activated', key)
export const keyRevoked = securityEvent('account.key-revoked', key)
export const keySetAside = securityEvent('account.key-set-aside', key)
export const signedIn = securityEvent('account.signed-in', key)
export const signatureRefused = securityEvent('account.signature-refused', key)

import { securityEvent } from '@strongroom/audit'
import { z } from 'zod'

const version = z.int()

const edition = z.object({ use: z.string(), version })

/** What happened to the MAC key, or the signing key, of one use; the subject is the app. */
export const macPublished = securityEvent('keystore.mac-published', edition)
export const macActivated = securityEvent('keystore.mac-activated', edition)
export const macDestroyed = securityEvent('keystore.mac-destroyed', edition)
export const signingPublished = securityEvent('keystore.signing-published', edition)
export const signingActivated = securityEvent('keystore.signing-activated', edition)
export const signingDestroyed = securityEvent('keystore.signing-destroyed', edition)

/** What happened to the keys that seal and wrap; the subject is the app. */
export const versionPublished = securityEvent('keystore.version-published', z.object({ version, keys: z.int() }))
export const versionActivated = securityEvent('keystore.version-activated', z.object({ version, replicas: z.int() }))
export const rewrapBegun = securityEvent('keystore.rewrap-begun', z.object({ version, rows: z.int() }))
export const rewrapFinished = securityEvent(
  'keystore.rewrap-finished',
  z.object({ version, rows: z.int(), unopenable: z.int() }),
)
export const versionDestroyed = securityEvent('keystore.version-destroyed', z.object({ version, keys: z.int() }))

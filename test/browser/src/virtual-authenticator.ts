import type { Page } from 'playwright-core'

/** What it can do; whatever is not said it can. */
export interface AuthenticatorWish {
  /** The PRF extension (WebAuthn Level 3, 10.1.4). */
  readonly prf?: boolean
  /** Keeps passkeys that are found without their id. */
  readonly residentKeys?: boolean
  /** Has a fingerprint reader or the like. */
  readonly userVerification?: boolean
  /** `internal` is the device's own; `usb` a security key. */
  readonly transport?: 'internal' | 'usb'
  /** What is in it from the beginning; a copied passkey has no PRF. */
  readonly credentials?: readonly CopiedCredential[]
}

/** A passkey with its private half, as DevTools tells it: base64. */
export interface CopiedCredential {
  readonly credentialId: string
  readonly isResidentCredential: boolean
  readonly rpId?: string
  readonly privateKey: string
  readonly userHandle?: string
  readonly signCount: number
}

export interface VirtualAuthenticator {
  /** The passkeys in it: ids as base64, and whom they are for. */
  credentials(): Promise<readonly { readonly credentialId: string; readonly rpId?: string }[]>
  /** A stranger holds it. Having tried their finger it stays locked: there is no way back. */
  recogniseNobody(): Promise<void>
  /** Somebody copies it into another tab: the same passkeys, counting on from where they are now. */
  copyInto(tab: Page): Promise<VirtualAuthenticator>
  remove(): Promise<void>
}

/**
 * An authenticator in this tab, by Chrome's DevTools protocol: it says yes at once, outlives reloads and other pages, and
 * its passkeys are in no other tab. A tab without one waits for a person with a security key, for ever.
 */
export async function addVirtualAuthenticator(
  tab: Page,
  { prf = true, residentKeys = true, userVerification = true, transport = 'internal', ...wish }: AuthenticatorWish = {},
): Promise<VirtualAuthenticator> {
  const devTools = await tab.context().newCDPSession(tab)
  await devTools.send('WebAuthn.enable', { enableUI: false })
  const { authenticatorId } = await devTools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport,
      hasPrf: prf,
      hasResidentKey: residentKeys,
      hasUserVerification: userVerification,
      isUserVerified: userVerification,
      automaticPresenceSimulation: true,
    },
  })
  for (const credential of wish.credentials ?? [])
    await devTools.send('WebAuthn.addCredential', { authenticatorId, credential })
  return {
    credentials: async () => (await devTools.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    recogniseNobody: async () => {
      await devTools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false })
    },
    copyInto: async (other) => {
      const { credentials } = await devTools.send('WebAuthn.getCredentials', { authenticatorId })
      return addVirtualAuthenticator(other, { prf: false, residentKeys, userVerification, transport, credentials })
    },
    remove: async () => {
      await devTools.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId })
    },
  }
}

import type { Recipient } from '../envelope/envelope.ts'

/** With an id of its own: what is answered is wiped where it was made, and the key's id must stay. */
export const toGive = (recipient: Recipient): Recipient => ({ ...recipient, keyId: Uint8Array.from(recipient.keyId) })

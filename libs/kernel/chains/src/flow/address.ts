/** Sixteen hexadecimal digits in lower case, without a prefix: how a message and the Access API have it. */
export type BareAddress = string & { readonly bare: unique symbol }

const FORM = /^(0x)?([0-9a-f]{16})$/i

/** `undefined` where the text is no address of Flow. */
export const bareAddress = (text: string): BareAddress | undefined =>
  FORM.exec(text)?.[2]?.toLowerCase() as BareAddress | undefined

/** As the wire of ours has it: with `0x`. */
export const shownAddress = (address: BareAddress): string => `0x${address}`

/** Characters that part addresses, end a header or an SMTP command. */
const atom = String.raw`[^\s\p{C}"(),:;<>@[\\\]]+`
const quoted = String.raw`"[^"\\<>\p{C}]+"`
const oneAddress = new RegExp(`^(?:${atom}|${quoted})@${atom}$`, 'u')
const named = /^([^<>"\p{C}]*)<([^<>]+)>$/u

/**
 * Whether a text is exactly one e-mail address: no list, no display name, no line break. Domain literals
 * (`a@[10.0.0.1]`) are refused: they would point the mail server at any host of the inner network.
 */
export const isOneAddress = (text: string): boolean => text.length <= 320 && oneAddress.test(text)

export interface Mailbox {
  readonly name: string
  readonly address: string
}

/**
 * Reads the sender of all mails: `keys@example.com` or `Example <keys@example.com>`.
 * @throws TypeError where it is neither.
 */
export function readMailbox(text: string): Mailbox {
  const [, name = '', address = text] = named.exec(text.trim()) ?? []
  if (!isOneAddress(address.trim())) throw new TypeError('the sender is one address, or a name with one <address>')
  return { name: name.trim(), address: address.trim() }
}

/** What stands after the last `@`. */
export const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1)

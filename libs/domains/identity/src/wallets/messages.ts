import { type Rendered, template } from '@strongroom/notify'
import { z } from 'zod'

/** What people are told of. The words stand here, what fills them in the row, sealed. */
export const messageKinds = [
  'verify-address',
  'verify-new-address',
  'address-change-asked',
  'address-changed',
  'password-changed',
  'recovery-begun',
  'wallet-restored',
  'factor-created',
  'factor-enabled',
  'factor-disabled',
  'factor-deleted',
  'phone-changed',
  'telegram-changed',
  'invited',
] as const
export type MessageKind = (typeof messageKinds)[number]

const facts = z.object({ link: z.string() })

const message = (subject: string, lines: readonly string[]) =>
  template({
    data: facts,
    subject,
    text: lines.join('\n\n'),
    html: lines
      .map((line) => `<p>${line.replaceAll('<%= it.link %>', '<a href="<%= it.link %>"><%= it.link %></a>')}</p>`)
      .join('\n'),
  })

const stop = 'If this was not you, sign in and change your password now.'

const words = {
  'verify-address': message('Verify your e-mail address', [
    'A wallet was made with this address. Follow this link to verify it: <%= it.link %>',
    'If this was not you, ignore this mail: without the link nobody can open the wallet.',
  ]),
  'verify-new-address': message('Verify your new e-mail address', [
    'Somebody wants to sign in to a wallet with this address. Follow this link to allow it: <%= it.link %>',
    'If this was not you, ignore this mail.',
  ]),
  'address-change-asked': message('Somebody wants to change the address of your wallet', [
    'Somebody who knows the password of your wallet asked to sign in with another e-mail address. It takes effect when the new address is verified.',
    stop,
  ]),
  'address-changed': message('The address of your wallet was changed', [
    'Your wallet is now opened with another e-mail address.',
    'If this was not you, write to whoever runs this service: they know the account.',
  ]),
  'password-changed': message('The password of your wallet was changed', [
    'The password of your wallet, and its key, were changed.',
    'If this was not you, write to whoever runs this service: they know the account.',
  ]),
  'recovery-begun': message('Somebody began to recover your wallet', [
    'Somebody who can read your mail set a new password for your wallet. It signs for nothing until an administrator has approved it.',
    'If this was not you, bring the wallet back with a device that is still signed in, within thirty days.',
  ]),
  'wallet-restored': message('Your wallet was brought back', [
    'What your wallet held before its recovery was brought back by its old key.',
  ]),
  'factor-created': message('A second factor was prepared for your wallet', [
    'A second factor was prepared for your wallet. It is not asked for until it is enabled.',
    stop,
  ]),
  'factor-enabled': message('A second factor was enabled for your wallet', [
    'A second factor was enabled for your wallet, or its priority was changed.',
    stop,
  ]),
  'factor-disabled': message('A second factor of your wallet was disabled', [
    'A second factor of your wallet was disabled.',
    stop,
  ]),
  'phone-changed': message('The number of your wallet was changed', [
    'Codes of your wallet are sent to another number from now on, and people find your account by it.',
    stop,
  ]),
  'telegram-changed': message('The Telegram username of your wallet was changed', [
    'Codes of your wallet are sent to another user of Telegram from now on, and people find your account by that name.',
    stop,
  ]),
  invited: message('You are invited', [
    'You are invited to take part. Follow this link: <%= it.link %>',
    'The link is for you alone: whoever has it and signs up first does so with this address.',
  ]),
  'factor-deleted': message('A second factor of your wallet was deleted', [
    'A second factor of your wallet was deleted.',
    stop,
  ]),
} satisfies Record<MessageKind, unknown>

/** `link` is empty where there is nothing to follow. */
export const renderMessage = (kind: MessageKind, link: string): Rendered => words[kind].render({ link })

/** The code that proves an address; `about`, where it is not empty, says what it is for. */
export const codeMessage = template({
  data: z.object({ code: z.string().regex(/^\d{6}$/), minutes: z.int(), about: z.string() }),
  subject: 'Your code',
  text: 'Your code is: <%= it.code %>\n\n<% if (it.about) { %>It allows: <%= it.about %>\n\n<% } %>It is good for <%= it.minutes %> minutes. If you did not ask for it, somebody else did: give it to nobody.',
  html: '<p>Your code is: <strong><%= it.code %></strong></p>\n<% if (it.about) { %><p>It allows: <%= it.about %></p>\n<% } %><p>It is good for <%= it.minutes %> minutes. If you did not ask for it, somebody else did: give it to nobody.</p>',
})

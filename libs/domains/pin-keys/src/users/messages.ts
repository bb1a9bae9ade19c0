import { type Rendered, template } from '@strongroom/notify'
import { z } from 'zod'
import type { NoticeEvent } from './announce.ts'

/** The original's words, to the letter: clients and people look for them. */
export const codeMessage = template({
  data: z.object({ code: z.string().regex(/^\d{6}$/) }),
  subject: 'Verify your email address',
  text: 'Your verification code is: <%= it.code %>',
  html: '<p>Your verification code is: <strong><%= it.code %></strong></p>',
})

const facts = z.object({ opensAt: z.string(), link: z.string() })

const notice = (subject: string, lines: readonly string[]) =>
  template({
    data: facts,
    subject,
    text: lines.join('\n\n'),
    html: lines
      .map((line) => `<p>${line.replaceAll('<%= it.link %>', '<a href="<%= it.link %>"><%= it.link %></a>')}</p>`)
      .join('\n'),
  })

const stop = 'If this was not you, stop it here; nobody needs the PIN for that: <%= it.link %>'
const unknown = 'If this was not you, change the PIN, and remove every address that you do not know.'

const words = {
  'pin-changed': notice('The PIN of your key was changed', ['The PIN of your key was changed.', unknown]),
  'key-erased': notice('Your key was erased', [
    'Your key was erased by somebody who knew its PIN. Nothing can bring it back.',
  ]),
  'user-added': notice('An address was added to your key', [
    'Another e-mail address or phone number was added to your key.',
    unknown,
  ]),
  'user-removed': notice('An address was removed from your key', [
    'An e-mail address or phone number was removed from your key.',
    unknown,
  ]),
  'reset-armed': notice('Somebody asked to reset the PIN of your key', [
    'Somebody asked to reset the PIN of your key. It can be set anew from <%= it.opensAt %> on.',
    stop,
  ]),
  'reset-half-time': notice('The PIN of your key can soon be reset', [
    'Half the time has passed since somebody asked to reset the PIN of your key. It can be set anew from <%= it.opensAt %> on.',
    stop,
  ]),
  'reset-open': notice('The PIN of your key can be reset now', [
    'The PIN of your key can be set anew from now on, with a code.',
    stop,
  ]),
  'reset-done': notice('The PIN of your key was reset', ['The PIN of your key was reset.', unknown]),
  'reset-cancelled': notice('The reset of your PIN was cancelled', ['The reset of the PIN of your key was cancelled.']),
  'reset-lapsed': notice('The reset of your PIN has lapsed', [
    'Nobody completed the reset of the PIN of your key in time. It has lapsed.',
  ]),
} satisfies Record<NoticeEvent, unknown>

/** `link` is empty where nothing is left to cancel. */
export const renderNotice = (event: NoticeEvent, { opensAt, link }: { opensAt: Date | null; link: string }): Rendered =>
  words[event].render({ opensAt: opensAt?.toUTCString() ?? '', link })

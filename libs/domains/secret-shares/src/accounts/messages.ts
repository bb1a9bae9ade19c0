import { type Rendered, template } from '@strongroom/notify'
import { z } from 'zod'
import type { NoticeEvent } from './announce.ts'

const notice = (subject: string, lines: readonly string[]) =>
  template({
    data: z.object({}),
    subject,
    text: lines.join('\n\n'),
    html: lines.map((line) => `<p>${line}</p>`).join('\n'),
  })

const back =
  'If this was not you, your wallet can bring the earlier state back within seven days, with the key that it holds.'

const words = {
  'share-rotated': notice('The share of your wallet was replaced', [
    'The share that we keep of your wallet’s key was replaced by a newer one.',
    back,
  ]),
  'recovery-added': notice('A way to recover your wallet was added', [
    'A way to recover your wallet was added or replaced.',
    back,
  ]),
  'recovery-read': notice('A recovery share of your wallet was read', [
    'Somebody asked for the recovery share of your wallet and got it. It opens with your passkey or file alone.',
    'If this was not you, sign in and replace the share.',
  ]),
  'recovery-email-changed': notice('The recovery address of your wallet was set', [
    'A recovery e-mail address was set for your wallet, and a code that was sent there was entered.',
    back,
  ]),
  'contact-upgraded': notice('Your wallet is now found by another address', [
    'Your wallet’s record was moved from this address to another one.',
    back,
  ]),
  'account-deleted': notice('What we keep of your wallet was deleted', [
    'The share and the recovery methods that we kept of your wallet were deleted.',
    back,
  ]),
  'account-restored': notice('What we keep of your wallet was restored', [
    'An earlier state of what we keep of your wallet was restored, by the key of the wallet.',
  ]),
  'start-over-armed': notice('Somebody asked to start your wallet over', [
    'Somebody who can sign in as you asked to replace your wallet’s record by a new, empty one, in seven days.',
    'If this was not you, cancel it with your wallet.',
  ]),
  'start-over-half-time': notice('Your wallet is soon started over', [
    'In a few days somebody who can sign in as you may replace your wallet’s record by a new, empty one.',
    'If this was not you, cancel it with your wallet.',
  ]),
  'start-over-open': notice('Your wallet can be started over now', [
    'From now on your wallet’s record may be replaced by a new, empty one, by whoever asked for it a week ago.',
    'If this was not you, cancel it with your wallet.',
  ]),
  'start-over-done': notice('Your wallet was started over', [
    'Your wallet’s record was replaced by a new one. The old one can be brought back for seven days, by its key alone.',
  ]),
  'start-over-cancelled': notice('Starting your wallet over was cancelled', [
    'The request to start your wallet over was cancelled by the key of the wallet.',
  ]),
  'start-over-lapsed': notice('Starting your wallet over has lapsed', [
    'Nobody started your wallet over in time; the request has lapsed.',
  ]),
  'attempt-refused': notice('Somebody tried to use your wallet’s record', [
    'An attempt to use or change what we keep of your wallet was refused. You are told of this once a day at most.',
    'If this was not you, look after the account that you sign in with.',
  ]),
} satisfies Record<NoticeEvent, unknown>

export const renderNotice = (event: NoticeEvent): Rendered => words[event].render({})

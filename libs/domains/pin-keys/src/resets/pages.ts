import { implement, type Dialect, invalidInput, reply, unsupportedMediaType } from '@strongroom/http'
import type { Database } from '@strongroom/storage'
import { findLinkedLock, useCancelLink } from '@strongroom/time-locks'
import { z } from 'zod'
import type { Policies } from '../policies.ts'
import { cancelByLink, nothingToCancel, showCancel } from './pages-contract.ts'

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const page = (title: string, body: string) => `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title></head>
<body><main><h1>${escaped(title)}</h1>${body}</main></body>
</html>
`

/** Pages instead of JSON, for whoever follows a link in a message. */
export const pages: Dialect = {
  accepts: ['application/x-www-form-urlencoded'],
  contentType: 'text/html; charset=utf-8',
  encode: String,
  render: ({ kind, status, title }) =>
    kind === invalidInput.kind || kind === unsupportedMediaType.kind
      ? { status: nothingToCancel.status, body: page(nothingToCancel.title, explanation) }
      : { status, body: page(title, kind === nothingToCancel.kind ? explanation : '') },
  describe: ({ status }) => ({ status, body: z.string() }),
}

const explanation = '<p>The link was used, or the reset has ended.</p>'
const question = `<p>Somebody asked to reset the PIN of your key. If it was not you, stop it.</p>
<form method="post"><button type="submit">Stop the reset</button></form>`
const done = '<p>The reset is cancelled. The PIN stays as it is.</p>'

export interface PageDeps {
  readonly database: Database
  readonly policies: Policies
}

const show = implement<PageDeps>()(showCancel, async ({ params: { token } }, { database, policies }) =>
  (await findLinkedLock(database.reading, policies.resets, token))
    ? reply(200, page('Stop the reset of your PIN?', question))
    : nothingToCancel(),
)

const cancel = implement<PageDeps>()(cancelByLink, ({ params: { token } }, { database, policies }) =>
  database.transaction(async (tx) =>
    (await useCancelLink(tx, policies.resets, token))
      ? reply(200, page('The reset is cancelled', done))
      : nothingToCancel(),
  ),
)

export const pageHandlers = [show, cancel]

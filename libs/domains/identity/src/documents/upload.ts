import { implement, Refusal, reply } from '@strongroom/http'
import type { Signed } from '@strongroom/proofs'
import { isAdmin, standingOf } from '../ledger/authority.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { notAllowed, notFound, tooMany, wrongField } from '../wallets/contract.ts'
import { type DocumentGiven, uploadAccountDocument, uploadDocument } from './contract.ts'
import type { DocumentDeps } from './deps.ts'
import { drawKey, stampDocument } from './names.ts'
import { allowsMediaType, largestOf } from './policies.ts'
import { type Bringer, insertDocument } from './store.ts'

const OWNER = '/data/relationships/owner/data/id'

export const uploadForAccount = implement<DocumentDeps>()(
  uploadAccountDocument,
  async ({ params: { address }, proof, body }, deps) => {
    const named = ownerIn(body.data)
    if (named !== undefined && named !== address) return wrongField(OWNER, 'is not the account of the address')
    const broughtBy = await bringerOf(deps.ledger, { account: address, key: proof.keyId })
    if (broughtBy === 'nobody') return notAllowed()
    return broughtBy === 'no-account' ? notFound() : makeForm(deps, body.data, { owner: address, broughtBy })
  },
)

/** As published clients ask, who name their own account as the owner. */
export const upload = implement<DocumentDeps>()(uploadDocument, async ({ proof, body }, deps) => {
  const place = await placeOf(deps.ledger, proof, ownerIn(body.data))
  return place instanceof Refusal ? place : makeForm(deps, body.data, place)
})

const ownerIn = ({ relationships }: DocumentGiven): string | undefined => relationships?.owner?.data.id

interface Place {
  readonly owner: string
  readonly broughtBy: Bringer
}

type No = Refusal<'not-allowed'> | Refusal<'field-refused'>

async function placeOf(
  ledger: Ledger,
  { keyId: key, accountId }: Signed,
  named: string | undefined,
): Promise<Place | No> {
  // Where nobody is named: the account that the caller says it acts for, if its key does.
  const owner = named ?? accountId ?? key
  const broughtBy = await bringerOf(ledger, { account: owner, key })
  if (broughtBy === 'owner' || broughtBy === 'recovery') return { owner, broughtBy }
  if (!(await isAdmin(ledger, key))) return notAllowed()
  if (named === undefined) return { owner: (await ledger.info()).masterAccountId, broughtBy: 'admin' }
  return broughtBy === 'admin' ? { owner, broughtBy } : wrongField(OWNER, 'is no account of the ledger')
}

/**
 * As whom a key may bring documents for an account. One that recovery let in brings papers, and counts apart: it does not use
 * up what the owner may bring.
 */
async function bringerOf(
  ledger: Ledger,
  { account, key }: { account: string; key: string },
): Promise<Bringer | 'nobody' | 'no-account'> {
  const standing = await standingOf(ledger, { account, key })
  if (standing) return standing === 'owner' ? 'owner' : 'recovery'
  if ((await ledger.signersOf(account)) === undefined) return 'no-account'
  return (await isAdmin(ledger, key)) ? 'admin' : 'nobody'
}

async function makeForm(
  { database, hsm, objects, policies, random }: DocumentDeps,
  given: DocumentGiven,
  place: Place,
) {
  const { type, attributes } = given
  const contentType = attributes.content_type.toLowerCase()
  if (!allowsMediaType(policies, { type, contentType }))
    return wrongField('/data/attributes/content_type', 'is not allowed for documents of this type')
  const { owner, broughtBy } = place
  const document = { key: drawKey(type, random), owner, type, contentType }
  const stamp = await stampDocument(hsm, document)
  const { lifetime, perDay } = policies.documents
  const isKept = await insertDocument(database, { ...document, stamp, broughtBy, perDay: perDay[broughtBy] })
  if (!isKept) return tooMany()
  const { key } = document
  const { url, fields } = await objects.presignUpload({
    key,
    contentType,
    largest: largestOf(policies, type),
    lifetime,
  })
  return reply(200, { data: { id: key, type: 'upload_policy' as const, attributes: { ...fields, url } } })
}

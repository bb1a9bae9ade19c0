import { postForm, type Posted } from '@strongroom/object-store'
import type { DocumentType } from '../src/documents/document-types.ts'
import { type Answered, type DocumentsWorld, formIn } from './documents-world.ts'
import { type SigningKey, signingKey } from './signing-key.ts'

/** Who asks: `powerless` is a signer of weight 0, `nobody` signs nothing. */
export type Who = 'owner' | 'recovering' | 'admin' | 'stranger' | 'powerless' | 'nobody'

export interface DocumentWish {
  readonly type?: DocumentType
  readonly contentType?: string
  /** As a relationship of the request. */
  readonly owner?: string
  readonly accountId?: string
}

/** An account on the ledger, and everybody around it who asks for its documents. */
export interface DocumentAccount {
  readonly id: string
  uploadFor(who: Who, wish?: DocumentWish): Promise<Answered>
  upload(who: Who, wish?: DocumentWish): Promise<Answered>
  read(who: Who, key: string, query?: string): Promise<Answered>
  readOf(who: Who, key: string, account?: string): Promise<Answered>
}

export function newAccount(world: DocumentsWorld): DocumentAccount {
  const [id, owner, recovering, powerless] = [signingKey().id, signingKey(), signingKey(), signingKey()]
  world.ledger.addSigner(id, owner.id)
  world.ledger.addSigner(id, powerless.id, { weight: 0 })
  world.ledger.letIn(id, recovering.id)
  const people: Readonly<Record<Who, SigningKey | undefined>> = {
    owner,
    recovering,
    powerless,
    admin: world.admin,
    stranger: signingKey(),
    nobody: undefined,
  }
  const signed = (who: Who) => (people[who] ? { as: people[who] } : {})
  const bring =
    (target: string) =>
    (who: Who, wish: DocumentWish = {}) => {
      const headers = wish.accountId === undefined ? {} : { 'account-id': wish.accountId }
      return world.ask('POST', target, { ...signed(who), body: bodyOf(wish), headers })
    }
  return {
    id,
    uploadFor: bring(`/accounts/${id}/documents`),
    upload: bring('/documents'),
    read: (who, key, query = '') => world.ask('GET', `/documents/${key}${query}`, signed(who)),
    readOf: (who, key, account = id) => world.ask('GET', `/accounts/${account}/documents/${key}`, signed(who)),
  }
}

const bodyOf = ({ type = 'kyc_selfie', contentType = 'image/png', owner }: DocumentWish) => ({
  data: {
    type,
    attributes: { content_type: contentType },
    ...(owner !== undefined && { relationships: { owner: { data: { id: owner } } } }),
  },
})

export const keyIn = ({ body }: Answered): string => body.data.attributes.key as string
export const urlIn = ({ body }: Answered): string => body.data.attributes.url as string

/** Brings a file of so many bytes by a form. */
export function bringFile(answered: Answered, bytes = 100): Promise<Posted> {
  const { url, fields } = formIn(answered)
  return postForm({ url, before: Object.entries(fields), file: bytes })
}

const bare = (status: number, title: string) => ({ status, body: { errors: [{ title, status: String(status) }] } })
export const unauthorized = bare(401, 'Unauthorized')
export const notFound = bare(404, 'Not Found')

import type { Signer } from '@strongroom/identity-client'
import type { Answered, Asked } from './client.ts'

export interface Resource {
  readonly id: string
  readonly type: string
  readonly attributes: Readonly<Record<string, unknown>>
}

export const resourceIn = ({ body }: Answered): Resource => (body as { data: Resource }).data
export const listIn = ({ body }: Answered): readonly Resource[] => (body as { data: Resource[] }).data
export const linksIn = ({ body }: Answered) => (body as { links: Readonly<Record<string, string>> }).links

/** What somebody asks; unsigned where nobody does. */
export const asking = (
  [method, path]: readonly [method: string, path: string],
  body?: unknown,
  by?: Signer,
): Asked => ({
  method,
  path,
  ...(by && { by }),
  ...(body !== undefined && { body }),
})

export const blob = (type: string, value: string, relationships: object = {}) => ({
  data: { type, attributes: { value }, relationships },
})

export const owned = (id: string) => ({ owner: { data: { id, type: 'account' } } })

export const document = (type: string, relationships: object = {}, contentType = 'image/png') => ({
  data: { type, attributes: { content_type: contentType }, relationships },
})

export const toSale = (email: string, sale: string) => ({
  type: 'whitelist-invite',
  attributes: { email },
  relationships: { sales: { data: { type: 'sale', id: sale } } },
})

export const atLarge = (email: string) => ({ type: 'general-invite', attributes: { email } })

export const newPhone = (): string => `+38050${String(Math.floor(1_000_000 + Math.random() * 8_999_999))}`

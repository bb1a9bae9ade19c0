import { type Query, sql } from '@strongroom/storage'

/** What `page[order]` says: of blobs, identities, invites and requests by time, of settings by key. */
export type PageOrder = 'asc' | 'desc'

export const directionOf = (order: PageOrder): Query => (order === 'asc' ? sql`asc` : sql`desc`)

/** Of what tells apart those that are equal, so that one order is the other from its end. */
export const againstOf = (order: PageOrder): Query => directionOf(order === 'asc' ? 'desc' : 'asc')

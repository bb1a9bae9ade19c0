import { column, sql, type Statements } from '@strongroom/storage'
import { z } from 'zod'
import { documentTypeNames } from './document-types.ts'

const documentRow = z.object({
  key: z.string(),
  owner: z.string(),
  // What is none of ours any more is no document, and its stamp would tell.
  type: z.enum(documentTypeNames),
  contentType: z.string(),
  stamp: column.bytes,
})
export type StoredDocument = z.output<typeof documentRow>

export const findDocumentRow = (statements: Statements, key: string): Promise<StoredDocument | undefined> =>
  statements.maybe(
    documentRow,
    sql`select key, owner, type, content_type as "contentType", stamp from identity.documents
         where key = ${key} and type = any(${documentTypeNames}::text[])`,
  )

/** As whom somebody brings a document. */
export type Bringer = 'owner' | 'recovery' | 'admin'

export interface NewDocument extends StoredDocument {
  readonly broughtBy: Bringer
  /** Of one account, as this bringer, in a day; requests at the same moment may go beyond by their number. */
  readonly perDay: number
}

/** False where that many were brought in the last day. */
export const insertDocument = async (statements: Statements, document: NewDocument): Promise<boolean> => {
  const { key, owner, type, contentType, stamp, broughtBy, perDay } = document
  return (
    (await statements.run(sql`
      insert into identity.documents (key, owner, type, content_type, brought_by, stamp)
      select ${key}::text, ${owner}::text, ${type}::text, ${contentType}::text, ${broughtBy}::text, ${stamp}::bytea
       where (select count(*) from (
                select from identity.documents
                 where owner = ${owner} and brought_by = ${broughtBy} and created_at > strongroom.now() - interval '1 day'
                 limit ${perDay}) as today) < ${perDay}`)) === 1
  )
}

import { type ObjectStore, postForm, type Posted, startObjectStore } from '@strongroom/object-store'
import type { Settings } from '@strongroom/test-world'
import type { Answered } from './client.ts'
import { resourceIn } from './resources.ts'

/** A store as development has it: keys of public documents anybody may read. */
export const startStore = (): Promise<ObjectStore> => startObjectStore({ publicPrefix: 'pub' })

export const settingsOf = ({ url, access }: ObjectStore): Settings => ({
  OBJECTS_URL: url,
  OBJECTS_REGION: access.region,
  OBJECTS_BUCKET: access.bucket,
  OBJECTS_ACCESS_KEY_ID: access.accessKeyId,
  OBJECTS_SECRET_ACCESS_KEY: access.secretAccessKey,
})

/** What published clients make of an upload policy: every attribute but the address is a field. */
export function formIn(answered: Answered): {
  readonly url: string
  readonly fields: Readonly<Record<string, string>>
} {
  const { url = '', ...fields } = resourceIn(answered).attributes as Readonly<Record<string, string>>
  return { url, fields }
}

/** Brings a file of so many bytes by a form. */
export function bringFile(answered: Answered, bytes = 100): Promise<Posted> {
  const { url, fields } = formIn(answered)
  return postForm({ url, before: Object.entries(fields), file: bytes })
}

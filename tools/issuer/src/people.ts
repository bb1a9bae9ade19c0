import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import { keep, readKept } from './kept-file.ts'

/** As Identity Toolkit calls its fields. */
const person = z.object({
  localId: z.string(),
  email: z.string().optional(),
  emailVerified: z.boolean().default(false),
  phoneNumber: z.string().optional(),
  displayName: z.string().optional(),
  disabled: z.boolean().optional(),
  /** Milliseconds since 1970, as a text. */
  createdAt: z.string(),
})

export type Person = z.infer<typeof person>
export type Change = { readonly [Key in keyof Omit<Person, 'localId' | 'createdAt'>]?: Person[Key] | undefined }

export interface Contact {
  readonly email?: string | undefined
  readonly phoneNumber?: string | undefined
}

export interface People {
  byId(localId: string): Person | undefined
  /** Who has the address, compared without regard to case as Firebase does, else who has the number. */
  by(contact: Contact): Person | undefined
  add(change: Change, localId?: string): Person
  change(found: Person, change: Change): Person
}

/** Who has ever been named to the issuer; kept in its folder, or in memory where it has none. */
export function openPeople(stateDir?: string): People {
  const path = stateDir === undefined ? undefined : join(stateDir, 'people.json')
  const kept = z.array(person).parse((path !== undefined && readKept(path)) || [])
  const all = new Map(kept.map((one) => [one.localId, one]))
  const put = (one: Person): Person => {
    all.set(one.localId, one)
    if (path !== undefined) keep(path, [...all.values()])
    return one
  }
  const find = (matches: (one: Person) => boolean) => [...all.values()].find(matches)
  return {
    byId: (localId) => all.get(localId),
    by: ({ email, phoneNumber }) =>
      (email !== undefined && find((one) => one.email?.toLowerCase() === email.toLowerCase())) ||
      (phoneNumber !== undefined && find((one) => one.phoneNumber === phoneNumber)) ||
      undefined,
    add: (change, localId = drawId()) =>
      put({ emailVerified: false, ...change, localId, createdAt: String(Date.now()) } as Person),
    // A field that is not given changes nothing; one that is given and `undefined` is taken away.
    change: (found, change) => put({ ...found, ...change } as Person),
  }
}

/** 28 characters, as Firebase gives. */
const drawId = (): string => randomBytes(21).toString('base64url')

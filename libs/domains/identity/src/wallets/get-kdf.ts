import { toBase64, toHex } from '@strongroom/crypto'
import { implement, type Reply, reply } from '@strongroom/http'
import { column, sql } from '@strongroom/storage'
import { z } from 'zod'
import { getKdf, getWalletsKdf, KDF_VERSION, kdfParameters, notFound, tooMany } from './contract.ts'
import type { IdentityDeps } from './deps.ts'
import { nameContact } from './names.ts'

type KdfDeps = Pick<IdentityDeps, 'database' | 'hsm' | 'limits' | 'lookupsOfOne'>

const saltRow = z.object({ salt: column.bytes })

const kdfOf = (salt?: Uint8Array) => ({
  data: {
    type: 'kdf' as const,
    id: KDF_VERSION as typeof KDF_VERSION,
    attributes: { ...kdfParameters, ...(salt && { salt: toBase64(salt) }) },
  },
})

type Answer = Reply<200, ReturnType<typeof kdfOf>> | ReturnType<typeof notFound> | ReturnType<typeof tooMany>

/** Clients must learn that an address is unknown; how many addresses one caller may try is limited instead. */
async function find(email: string | undefined, ip: string, deps: KdfDeps): Promise<Answer> {
  if (!email) return reply(200, kdfOf())
  if (await deps.limits.lookups.take(ip)) return tooMany()
  const contact = await nameContact(deps.hsm, email)
  if (await deps.lookupsOfOne.take(toHex(contact))) return tooMany()
  const found = await deps.database.reading.maybe(
    saltRow,
    sql`select salt from identity.wallets where contact = ${contact} and signers is null`,
  )
  return found ? reply(200, kdfOf(found.salt)) : notFound()
}

export const kdf = implement<KdfDeps>()(getKdf, ({ query, ip }, deps) => find(query.email, ip, deps))
export const walletsKdf = implement<KdfDeps>()(getWalletsKdf, ({ query, ip }, deps) => find(query.email, ip, deps))

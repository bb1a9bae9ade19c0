import { sql } from '@strongroom/storage'
import type { Hex } from 'viem'
import { z } from 'zod'
import { hexColumn, weiColumn } from './columns.ts'
import { signTransaction } from './gas-key.ts'
import type { LiveTransaction } from './live.ts'
import type { Place } from './place.ts'
import type { Price } from './price.ts'

/** Signed bytes of a transaction: a version of it at a price, or of nothing, to fill its nonce. */
export interface Version extends Price {
  readonly transactionId: string
  readonly nonce: number
  readonly version: number
  readonly nothing: boolean
  readonly signed: Hex
}

export interface WantedVersion extends Price {
  readonly version: number
  readonly nothing: boolean
}

const GAS_OF_NOTHING = 21_000n

const kept = z.object({ nothing: z.boolean(), maxFee: weiColumn, maxTip: weiColumn, signed: hexColumn })

/**
 * Signs a version, and keeps it before anybody can send it. Of two processes that sign the same version, which differ by
 * chance, the one that was kept first is the version.
 */
export async function signVersion(place: Place, one: LiveTransaction, wanted: WantedVersion): Promise<Version> {
  const { relayer, key, chain, database } = place
  const { nothing, version, maxFee, maxTip } = wanted
  const { id: transactionId, nonce } = one
  const what = nothing
    ? { to: relayer.address, data: '0x' as const, gas: GAS_OF_NOTHING }
    : { to: one.target, data: one.calldata, gas: BigInt(one.gasLimit) }
  const { bytes, hash } = await signTransaction(
    { ...what, chainId: chain.setting.chainId, nonce, maxFee, maxTip },
    key,
    relayer.address,
  )
  await database.run(sql`
    with added as (
      insert into chains.sendings (hash, transaction_id, relayer_id, nonce, version, nothing, max_fee, max_tip, signed)
      values (${hash}, ${transactionId}, ${relayer.id}, ${nonce}, ${version}, ${nothing}, ${String(maxFee)}, ${String(maxTip)},
              ${bytes})
      on conflict do nothing returning *
    ), was as (
      select t.id, t.chain, t.app_id, t.charged_day, t.charged, greatest(t.charged, ${String(what.gas * maxFee)}::numeric) as needed
        from chains.transactions as t, added where t.id = added.transaction_id
    ), charged as (
      update chains.transactions as t set charged = was.needed from was where t.id = was.id and was.needed > was.charged
    )
    -- What is out must be brought to its end, or it holds up every app: a dearer version is charged, budget or not.
    update chains.spending as s set wei = s.wei + was.needed - was.charged
      from was where s.chain = was.chain and s.app_id = was.app_id and s.day = was.charged_day and was.needed > was.charged`)
  const found = await database.one(
    kept,
    sql`select nothing, max_fee as "maxFee", max_tip as "maxTip", signed from chains.sendings
         where transaction_id = ${transactionId} and nonce = ${nonce} and version = ${version}`,
  )
  return { transactionId, nonce, version, ...found }
}

/** The newest version of a transaction that has one. */
export function newestOf(one: LiveTransaction): Version | undefined {
  const { id: transactionId, nonce, version, nothing, maxFee, maxTip, signed } = one
  if (version === null || nothing === null || maxFee === null || maxTip === null || signed === null) return undefined
  return { transactionId, nonce, version, nothing, maxFee, maxTip, signed }
}

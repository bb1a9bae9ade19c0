import type { OperationBody } from '@strongroom/identity'
import { expect } from 'vitest'
import { told, type World } from './client.ts'
import type { Owner } from './owners.ts'
import { asking, resourceIn } from './resources.ts'
import { envelopeOf, signerOfKey, submitting } from './transactions.ts'

/** A key that signs beside its owner, as the server keeps it. */
export interface Partner {
  readonly keyId: string
  readonly identity: number
}

/** A stored key that signs for an account beside its owner; either has half of what is needed where `halves` are asked for. */
export async function partnerOf(
  world: World,
  { accountId, signer }: Owner,
  weights: 'usual' | 'halves' = 'usual',
): Promise<Partner> {
  const path = `/integrations/multisig/accounts/${accountId}/signers`
  const body = { data: { type: 'signer', attributes: { role_id: 2, weight: 500 } } }
  const made = await world.ask(asking(['POST', path], body, signer))
  expect([made.status, made.text]).toEqual([200, expect.any(String)])
  const { id: keyId, attributes } = resourceIn(made)
  const partner = { keyId, identity: Number(attributes['identity']) }
  const half = { weight: 500 }
  const operations: OperationBody[] = [
    {
      type: 'manage-signer',
      change: { action: 'create', signer: { ...signerOfKey(keyId), ...half, identity: partner.identity } },
    },
  ]
  if (weights === 'halves')
    operations.push({
      type: 'manage-signer',
      change: { action: 'update', signer: { ...signerOfKey(signer.keyId), ...half } },
    })
  const tx = await envelopeOf(world.ask, { source: accountId, operations, signers: [signer] })
  expect(told(await world.ask(submitting(tx)))[0]).toBe(200)
  return partner
}

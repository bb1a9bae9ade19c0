import { implement, reply } from '@strongroom/http'
import { getKeyValue, ledgerNotFound } from './contract.ts'
import type { KeyValue, Ledger } from './ledger.ts'

export const keyValue = implement<{ ledger: Ledger }>()(getKeyValue, async ({ params }, { ledger }) => {
  const value = await ledger.keyValue(params.key)
  if (!value) return ledgerNotFound()
  return reply(200, { data: { id: params.key, type: 'key-value-entries', attributes: { value: shown(value) } } })
})

/** Each type in a member of its own, as Horizon has it. */
function shown(value: KeyValue) {
  switch (value.type) {
    case 'u32':
      return { type: { name: 'uint32', value: 1 }, u32: value.value } as const
    case 'string':
      return { type: { name: 'string', value: 2 }, str: value.value } as const
    case 'u64':
      return { type: { name: 'uint64', value: 3 }, u64: value.value } as const
  }
}

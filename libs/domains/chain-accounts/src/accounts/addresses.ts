import type { Keystore } from '@strongroom/hsm'
import type { AddressRow } from './addresses-store.ts'
import { canonicalText, isStamped, type Owner, type Stamped, stampOf } from './names.ts'

type AddressFacts = Pick<AddressRow, 'chainName' | 'address' | 'plan' | 'state'>

const factsOf = ({ chainName, address, plan, state }: AddressFacts): Stamped => ({
  kind: 'address',
  name: chainName,
  facts: [address ?? '', canonicalText(plan), state],
})

export const stampAddress = (hsm: Keystore, owner: Owner, row: AddressFacts): Promise<Uint8Array> =>
  stampOf(hsm, owner, factsOf(row))

/** Whether the row is as we wrote it: nobody is sent to another address, and nothing counts as standing that we did not see. */
export const isGenuineAddress = (hsm: Keystore, owner: Owner, row: AddressRow): Promise<boolean> =>
  isStamped(hsm, owner, { ...factsOf(row), stamp: row.stamp })

/** Those that are as we wrote them. */
export async function genuineAddresses(
  hsm: Keystore,
  owner: Owner,
  rows: readonly AddressRow[],
): Promise<readonly AddressRow[]> {
  const judged = await Promise.all(rows.map((row) => isGenuineAddress(hsm, owner, row)))
  return rows.filter((_, index) => judged[index])
}

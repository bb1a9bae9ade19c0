import { recordEvent } from '@strongroom/audit'
import { randomUuid, toHex } from '@strongroom/crypto'
import { implement, reply } from '@strongroom/http'
import { isAdmin } from '../ledger/authority.ts'
import { notAllowed } from '../wallets/contract.ts'
import type { IdentityDeps } from '../wallets/deps.ts'
import { nameContact } from '../wallets/names.ts'
import { tokenOfAddress } from '../wallets/address-tokens.ts'
import { requestToken } from './contract.ts'
import { tokenGiven } from './events.ts'

/** Who has it makes a wallet with that address, and is given what was paid to it. */
export const giveToken = implement<Pick<IdentityDeps, 'database' | 'hsm' | 'ledger' | 'random'>>()(
  requestToken,
  async ({ proof, body }, { database, hsm, ledger, random }) => {
    if (!(await isAdmin(ledger, proof.keyId))) return notAllowed()
    const contact = await nameContact(hsm, body.data.attributes.email)
    const token = await tokenOfAddress({ database, hsm }, contact)
    await recordEvent(database, tokenGiven, { subject: toHex(contact), detail: { key: proof.keyId } })
    return reply(200, { data: { id: randomUuid(random), type: 'verification-token', attributes: { token } } })
  },
)

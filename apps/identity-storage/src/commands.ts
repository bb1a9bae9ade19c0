import { operators, ownLedgerKey } from '@strongroom/identity'
import { HsmRefusal } from '@strongroom/hsm'
import { readAccountKey } from '@strongroom/proofs'
import { type Command, CommandRefused } from '@strongroom/service'
import type { settings } from './settings.ts'

/** What operators may do beside serving. */
export const commands: Readonly<Record<string, Command<typeof settings>>> = {
  'keep-sale': {
    summary: 'write down a sale of the embedded ledger, and who owns it: the owner invites to it',
    takes: ['sale_id', 'owner'],
    async run({ database, hsm }, [id = '', owner = '']) {
      if (!readAccountKey(owner)) throw new CommandRefused('an owner is an account: G…')
      if (!(await operators.keepSale({ database, hsm }, { id, owner })))
        throw new CommandRefused('the id of a sale is 1 to 64 letters, digits, _ and -')
      return 'kept'
    },
  },
  'ledger-key': {
    summary: 'the key that a ledger elsewhere must know as a signer of the master account',
    takes: [],
    async run({ hsm }) {
      try {
        return (await ownLedgerKey(hsm)).keyId
      } catch (error) {
        throw error instanceof HsmRefusal
          ? new CommandRefused('the token knows no Ed25519, or was not provisioned')
          : error
      }
    },
  },
}

import { connect } from './ask.ts'
import { openKey, type Owner } from './owner.ts'

export const budget = 10

/** The guesses that a key still grants, found by spending them one by one. `most` bounds a server that grants for ever. */
export async function spendWhatRemains(baseUrl: string, owner: Owner, most = 3 * budget): Promise<number> {
  const connection = connect()
  try {
    for (let evaluated = 0; evaluated < most; evaluated++) {
      const { status } = await openKey({ baseUrl, keyId: owner.keyId, pin: `not-${owner.pin}`, connection })
      if (status === 429) return evaluated
      if (status !== 404) throw new Error(`A wrong PIN was answered with ${status}.`)
    }
    return most
  } finally {
    connection.close()
  }
}

import { describe, expect, it } from 'vitest'
import { ask, becomeOwner, startOriginal, swapColumns, transplantRows } from '../src/index.ts'
import { baseUrlOf, startKeyServer } from './key-server.ts'

describe('case 7, row transplant, on the original’s shape', () => {
  it('releases the other’s key wherever the key or the verifier was moved alone', async () => {
    await using original = await startOriginal()
    const baseUrl = baseUrlOf(original)
    const owners = [await becomeOwner(baseUrl, '4829'), await becomeOwner(baseUrl, '9284')] as const
    const verdict = await transplantRows({
      baseUrl,
      owners,
      columns: ['encryptionKey', 'pin', 'salt'],
      swap: async (columns) =>
        original.database.keys.swap(owners[0].keyId, owners[1].keyId, columns as ('encryptionKey' | 'pin' | 'salt')[]),
    })
    expect(verdict.released).toEqual(['encryptionKey', 'pin, salt'])
    expect(verdict).toMatchObject({ combinations: 7, forbidden: 0, asked: 28, refused: 0, intact: 2 })
  })
})

describe('case 7, row transplant, on the key server', () => {
  it.each([{ epochs: 'equal' }, { epochs: 'different' }])('opens nothing, PIN epochs $epochs', async ({ epochs }) => {
    await using app = await startKeyServer()
    const baseUrl = baseUrlOf(app)
    const owners = [await becomeOwner(baseUrl, '4829'), await becomeOwner(baseUrl, '9284')] as const
    const [{ keyId, pin }, other] = owners
    if (epochs === 'different') {
      await ask({ method: 'PUT', url: `${baseUrl}/v2/key/${keyId}`, pin, body: { newPin: pin } })
    }
    const rows = [keyId, other.keyId] as const
    const swap = swapColumns({ sql: (query) => app.sql(query), table: 'pin_keys.keys', rowBy: 'id', rows })
    const verdict = await transplantRows({ baseUrl, owners, columns: ['pin_epoch', 'verifier', 'envelope'], swap })
    expect(verdict).toEqual({ combinations: 7, forbidden: 0, asked: 28, refused: 0, released: [], intact: 2 })
  })
})

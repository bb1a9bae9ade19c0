import { mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret } from '@strongroom/crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openKeystore, provisionKeys } from '../src/index.ts'
import { initialiseToken } from '../src/soft-token/initialise-token.ts'
import { backupSoftToken, healSoftToken, initSoftToken } from '../src/soft-token/index.ts'
import { softToken } from '../src/testing/index.ts'
import { binding, needs, tenant } from './world.ts'

const filesOf = async (directory: string, name: RegExp): Promise<string[]> =>
  (await readdir(directory, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && name.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))

async function provisionedToken() {
  const token = await softToken()
  onTestFinished(() => token.remove())
  const keys = await provisionKeys({ ...token, ...tenant, needs, existing: [] })
  return { token, keys, tokens: join(token.directory, 'tokens') }
}

describe('the embedded token', () => {
  test('is private to its owner, and made once', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'strongroom-soft-'))
    onTestFinished(() => rm(directory, { recursive: true }))
    const options = { directory, label: 'dev', pin: new Secret('a PIN of the world') }
    const { softhsmConf } = await initSoftToken(options)
    const [first] = await filesOf(join(directory, 'tokens'), /^token\.object$/)
    expect((await stat(join(directory, 'tokens'))).mode & 0o777).toBe(0o700)
    for (const file of await filesOf(directory, /./)) expect((await stat(file)).mode & 0o077).toBe(0)
    expect(await initSoftToken(options)).toEqual({ softhsmConf })
    expect(await filesOf(join(directory, 'tokens'), /^token\.object$/)).toEqual([first])
    expect((await readdir(directory)).filter((name) => name.startsWith('new-'))).toEqual([])
  })

  test('is restored from its backup when a kill emptied or lost its file', async () => {
    const { token, keys, tokens } = await provisionedToken()
    const before = await openKeystore({ ...token, ...tenant, keys })
    const envelope = await before.seal(new Secret('kept'), binding)
    await before.close()
    await backupSoftToken(token.directory)
    const [file] = await filesOf(tokens, /^token\.object$/)
    if (file === undefined) throw new Error('no token file')
    for (const damage of [() => truncate(file), () => rm(file), () => rm(tokens, { recursive: true })]) {
      await damage()
      await healSoftToken(token.directory)
      const after = await openKeystore({ ...token, ...tenant, keys })
      expect((await after.open(envelope, binding)).equals(new Secret('kept'))).toBe(true)
      await after.close()
    }
  })

  test('a healthy token is left alone, and a deleted key is not brought back', async () => {
    const { token, tokens } = await provisionedToken()
    await backupSoftToken(token.directory)
    const [object, ...others] = await filesOf(tokens, /^(?!token).*\.object$/)
    if (object === undefined) throw new Error('no key file')
    await rm(object)
    await healSoftToken(token.directory)
    expect((await filesOf(tokens, /^(?!token).*\.object$/)).toSorted()).toEqual(others.toSorted())
  })

  test('two tokens of one label are refused, by their serials', async () => {
    const { token, keys } = await provisionedToken()
    initialiseToken(token.module, { label: token.tokenLabel, officerPin: 'another officer', pin: 'another PIN' })
    await expect(openKeystore({ ...token, ...tenant, keys })).rejects.toMatchObject({ reason: 'token-ambiguous' })
  })

  test('a torn token is never taken for a backup', async () => {
    const { token, tokens } = await provisionedToken()
    const [file] = await filesOf(tokens, /^token\.object$/)
    if (file === undefined) throw new Error('no token file')
    await truncate(file)
    await expect(backupSoftToken(token.directory)).rejects.toThrow(/could not be copied whole/)
    expect(await readdir(token.directory)).not.toContain('tokens.backup')
  })
})

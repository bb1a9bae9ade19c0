import { softToken } from '@strongroom/hsm/testing'
import { expect, test, vi } from 'vitest'
import type { Examination } from '../src/doctor/examine.ts'
import { pinOf, run, scratch, variablesOf } from './command-line.ts'

interface Tokens {
  readonly tokens: readonly {
    readonly executor: string
    readonly rates: readonly { readonly operation: string; readonly ratio: number }[]
  }[]
}

test('rates on a token of one’s own, beside OpenSSL, inline and in a process; its keys are gone afterwards', async () => {
  using files = scratch()
  const token = await softToken({ label: 'bench' })
  for (const [name, value] of Object.entries(variablesOf(token))) vi.stubEnv(name, value)
  const place = [
    '--module',
    token.module.path,
    '--token',
    'bench',
    '--pin-file',
    files.file('pin', pinOf(token)),
    '--state-directory',
    files.path,
    '--json',
  ]
  try {
    for (const executor of ['inline', 'process']) {
      const { code, said } = await run([
        'bench',
        ...place,
        '--milliseconds',
        '20',
        '--sessions',
        '2',
        '--executor',
        executor,
      ])
      const [found] = (JSON.parse(said) as Tokens).tokens
      expect([code, found?.executor]).toEqual([0, executor])
      expect(found?.rates.map(({ operation }) => operation)).toContain('open a key with its PIN')
      expect(found?.rates.every(({ ratio }) => ratio > 0)).toBe(true)
    }
    const { said } = await run(['doctor', ...place])
    expect((JSON.parse(said) as { modules: readonly Examination[] }).modules[0]?.token?.objects).toBe(0)

    const wrong = await run(['bench', ...place.with(5, files.file('wrong', 'not-the-pin'))])
    expect([wrong.code, wrong.said]).toEqual([1, expect.stringContaining('refused the PIN')])
    const again = await run(['bench', ...place.with(5, files.file('wrong', 'not-the-pin'))])
    expect([again.code, again.told]).toEqual([1, expect.stringContaining('refused this PIN before')])
  } finally {
    vi.unstubAllEnvs()
    await token.remove()
  }
})

test('what the command line cannot mean', async () => {
  const softHsm = process.env['PKCS11_MODULE'] ?? '/usr/lib/softhsm/libsofthsm2.so'
  expect(await run(['bench', '--module', softHsm, '--milliseconds', '0'])).toMatchObject({ code: 2 })
  expect(await run(['bench', '--module', softHsm, '--executor', 'fast'])).toMatchObject({ code: 2 })
  expect(await run(['bench', '--module', import.meta.filename])).toMatchObject({ code: 2 })
})

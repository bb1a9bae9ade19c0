import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { toFunctionSelector } from 'viem'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { compileContracts } from '../../scripts/compile.ts'
import { accountAbi, factoryAbi } from './abi.ts'
import { standingCode } from './artifacts.ts'

const folder = join(import.meta.dirname, '../../artifacts')
const read = (name: string) => readFileSync(join(folder, name), 'utf8')

test('the artifacts are what the compiler makes of the contracts, byte for byte', () => {
  const compiled = compileContracts()
  expect([...compiled.keys()].toSorted()).toEqual(readdirSync(folder).toSorted())
  for (const [name, text] of compiled)
    expect(read(name) === text, `${name} is stale: node scripts/compile.ts`).toBe(true)
})

test('what we call is what the contracts have', () => {
  const signatures = (name: string) => {
    const { abi } = z.object({ abi: z.array(z.looseObject({ type: z.string() })) }).parse(JSON.parse(read(name)))
    return abi.filter(({ type }) => type === 'function').map((one) => toFunctionSelector(one as never))
  }
  const account = accountAbi.map((one) => toFunctionSelector(one))
  expect(signatures('WeightedAccount.json')).toEqual(expect.arrayContaining(account))
  expect(signatures('AccountFactory.json')).toEqual(
    expect.arrayContaining(factoryAbi.map((one) => toFunctionSelector(one))),
  )
})

test('the factory’s code holds the implementation that it clones', () => {
  const [one, other] = [`0x${'11'.repeat(20)}`, `0x${'22'.repeat(20)}`] as const
  expect(standingCode.factoryOf(one)).toContain('11'.repeat(20))
  expect(standingCode.factoryOf(one)).not.toBe(standingCode.factoryOf(other))
})

/** Compiles the contracts with solc from npm. As a command it writes `artifacts/`; the tests compare. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { z } from 'zod'

const folder = join(import.meta.dirname, '..')
const require = createRequire(import.meta.url)

const hex = z.string().regex(/^[0-9a-f]*$/)
const compiled = z.object({
  errors: z
    .array(
      z.object({
        severity: z.string(),
        formattedMessage: z.string(),
        sourceLocation: z.object({ file: z.string() }).optional(),
      }),
    )
    .default([]),
  contracts: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        abi: z.array(z.unknown()),
        evm: z.object({
          bytecode: z.object({ object: hex }),
          deployedBytecode: z.object({
            object: hex,
            immutableReferences: z.record(z.string(), z.array(z.object({ start: z.int(), length: z.int() }))),
          }),
        }),
      }),
    ),
  ),
})

const settings = {
  optimizer: { enabled: true, runs: 200 },
  evmVersion: 'cancun',
  // No hash of the sources at the end of the code: a comment must not change what runs.
  metadata: { bytecodeHash: 'none', appendCBOR: false },
  outputSelection: {
    '*': {
      '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object', 'evm.deployedBytecode.immutableReferences'],
    },
  },
}

/** The text of each artifact, by its file's name. */
export function compileContracts(): ReadonlyMap<string, string> {
  const solc = require('solc') as {
    compile(input: string, callbacks: { import(path: string): { contents: string } }): string
  }
  const names = readdirSync(join(folder, 'contracts')).filter((name) => name.endsWith('.sol'))
  const sources = Object.fromEntries(
    names.map((name) => [name, { content: readFileSync(join(folder, 'contracts', name), 'utf8') }]),
  )
  const find = (path: string) => ({ contents: readFileSync(require.resolve(path), 'utf8') })
  const input = JSON.stringify({ language: 'Solidity', sources, settings })
  const { errors, contracts } = compiled.parse(JSON.parse(solc.compile(input, { import: find })))
  // Warnings of a library are its own.
  const ours = errors.filter((one) => one.severity === 'error' || !one.sourceLocation?.file.startsWith('@'))
  if (ours.length > 0) throw new Error(ours.map(({ formattedMessage }) => formattedMessage).join('\n'))
  return new Map(
    names.map((file) => {
      const name = file.replace('.sol', '')
      const one = contracts[file]?.[name]
      if (!one) throw new Error(`${file} holds no contract ${name}`)
      const { bytecode, deployedBytecode } = one.evm
      const immutables = Object.values(deployedBytecode.immutableReferences)
        .flat()
        .map(({ start }) => start)
      const artifact = {
        abi: one.abi,
        bytecode: `0x${bytecode.object}`,
        code: `0x${deployedBytecode.object}`,
        immutables,
      }
      return [`${name}.json`, `${JSON.stringify(artifact)}\n`]
    }),
  )
}

if (import.meta.main)
  for (const [name, text] of compileContracts()) writeFileSync(join(folder, 'artifacts', name), text)

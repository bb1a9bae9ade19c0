import { spawnSync } from 'node:child_process'
import { checkout } from './checkout.mjs'

const node = [process.execPath, '--conditions=@strongroom/source']

const checks = {
  types: ['tsc', '-p', 'tsconfig.json'],
  // Pages know what a browser has; nothing else may.
  'types of pages': ['tsc', '-p', 'test/browser/tsconfig.json'],
  lint: ['oxlint', '--type-aware'],
  format: ['prettier', '--check', '.', '--log-level=warn'],
  boundaries: [...node, 'tools/checks/src/boundaries.ts'],
  golden: [...node, 'tools/checks/src/golden.ts', '--check'],
  documents: [...node, 'tools/checks/src/documents.ts'],
  build: ['nx', 'run-many', '-t', 'build', '--outputStyle=static'],
}

const failed = Object.entries(checks).filter(([name, [program, ...args]]) => {
  const began = Date.now()
  const { status, error } = spawnSync(program, args, { cwd: checkout, stdio: 'inherit' })
  if (error) console.error(error.message)
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${((Date.now() - began) / 1000).toFixed(1)}s)`)
  return status !== 0
})

if (failed.length > 0) console.log(`\nfailed: ${failed.map(([name]) => name).join(', ')}`)
process.exitCode = failed.length > 0 ? 1 : 0

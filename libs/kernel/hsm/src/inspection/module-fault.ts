import { closeSync, openSync, readSync } from 'node:fs'

/** Why a module does not load, as far as its file tells. */
export interface ModuleFault {
  readonly kind:
    'missing' | 'unreadable' | 'no-library' | 'wrong-platform' | 'wrong-architecture' | 'does-not-load' | 'no-pkcs11'
  /** What the file is, or what the loader said; no more than a line. */
  readonly detail: string
}

const HEAD_BYTES = 20

/** `undefined`: nothing in its first bytes speaks against it. */
export function faultOfFile(path: string): ModuleFault | undefined {
  const head = readHead(path)
  if ('kind' in head) return head
  const made = madeFor(head)
  if (made === undefined)
    return { kind: 'no-library', detail: head.length === 0 ? 'it is empty' : 'it is no shared library' }
  if (made.platform !== process.platform)
    return { kind: 'wrong-platform', detail: `it is built for ${made.platform}, this machine is ${process.platform}` }
  if (made.architecture === undefined || made.architecture === process.arch) return undefined
  return {
    kind: 'wrong-architecture',
    detail: `it is built for ${made.architecture}, this process runs on ${process.arch}`,
  }
}

function readHead(path: string): Uint8Array | ModuleFault {
  try {
    const file = openSync(path, 'r')
    try {
      const bytes = Buffer.alloc(HEAD_BYTES)
      return new Uint8Array(bytes.subarray(0, readSync(file, bytes, 0, HEAD_BYTES, 0)))
    } finally {
      closeSync(file)
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    return code === 'ENOENT' || code === 'ENOTDIR'
      ? { kind: 'missing', detail: 'there is no such file' }
      : { kind: 'unreadable', detail: `it cannot be read (${code})` }
  }
}

const elfMachines: Readonly<Record<number, string>> = {
  3: 'ia32',
  8: 'mips',
  21: 'ppc64',
  22: 's390x',
  40: 'arm',
  62: 'x64',
  183: 'arm64',
  243: 'riscv64',
  258: 'loong64',
}
const machCpus: Readonly<Record<number, string>> = { 0x0100_0007: 'x64', 0x0100_000c: 'arm64' }

/** Without an architecture where the file holds several, or where it cannot be told. */
function madeFor(head: Uint8Array): { platform: string; architecture?: string } | undefined {
  if (head.length < HEAD_BYTES) return undefined
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  const magic = view.getUint32(0)
  if (magic === 0x7f45_4c46) {
    const isLittleEndian = head[5] === 1
    const machine = view.getUint16(18, isLittleEndian)
    // Files of Linux and of the BSDs look alike.
    return { platform: process.platform === 'darwin' ? 'linux' : process.platform, architecture: elfMachineOf(machine) }
  }
  if (magic === 0xcffa_edfe) {
    const cpu = machCpus[view.getUint32(4, true)]
    return { platform: 'darwin', ...(cpu !== undefined && { architecture: cpu }) }
  }
  if (magic === 0xcafe_babe) return { platform: 'darwin' }
  return view.getUint16(0) === 0x4d5a ? { platform: 'win32' } : undefined
}

const elfMachineOf = (machine: number): string => elfMachines[machine] ?? `machine ${String(machine)}`

/** Of a file that should load and did not, in a process that is about to end: the loader is asked what it misses. */
export function faultOfLoading(path: string): ModuleFault {
  try {
    process.dlopen({ exports: {} }, path)
  } catch (error) {
    const [said = ''] = (error instanceof Error ? error.message : String(error)).split('\n', 1)
    if (!/self-register/.test(said)) return { kind: 'does-not-load', detail: said }
  }
  return { kind: 'no-pkcs11', detail: 'it is a shared library that offers no C_GetFunctionList' }
}

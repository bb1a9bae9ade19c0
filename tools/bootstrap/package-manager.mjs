import { has, runQuietly } from './run-quietly.mjs'

const isRoot = process.getuid?.() === 0

const managers = [
  {
    name: 'apt',
    program: 'apt-get',
    names: { softhsm: 'libsofthsm2', nss: 'libnss3', redis: 'redis-server' },
    install: ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', 'install', '-y', '-q', '--no-install-recommends'],
    refresh: ['apt-get', 'update', '-q'],
    hint: 'sudo apt-get update && sudo apt-get install -y --no-install-recommends',
  },
  {
    name: 'dnf',
    program: 'dnf',
    names: {
      softhsm: 'softhsm',
      nss: 'nss-softokn',
      opencryptoki: 'opencryptoki-swtok',
      radosgw: 'ceph-radosgw',
      'g++': 'gcc-c++',
    },
    install: ['dnf', 'install', '-y'],
    hint: 'sudo dnf install -y',
  },
  {
    name: 'brew',
    program: 'brew',
    names: { oathtool: 'oath-toolkit', 'g++': 'gcc' },
    install: ['brew', 'install'],
    hint: 'brew install',
  },
]

/** The package manager of this machine, with the packages that carry what we miss under its own names. */
export function packageManager() {
  const manager = managers.find(({ program }) => has(program))
  if (!manager) return undefined
  const packages = (missing) => missing.map((name) => manager.names[name] ?? name)
  return { ...manager, packages, line: (missing) => [manager.hint, ...packages(missing)].join(' ') }
}

/** `full`: install at once. `password`: somebody sits there whom sudo can ask. `none`: not for us to install. */
export function privilege(manager) {
  if (isRoot || manager.name === 'brew') return 'full'
  if (!has('sudo')) return 'none'
  if (runQuietly('sudo', ['-n', 'true']).succeeded) return 'full'
  return process.stdin.isTTY ? 'password' : 'none'
}

/** Returns what went wrong, in the package manager's last words, or nothing. */
export function installPackages(manager, missing) {
  const install = [...manager.install, ...manager.packages(missing)]
  const first = runAsRoot(manager, install)
  if (first.succeeded) return undefined
  if (!manager.refresh) return lastLine(first.output)
  runAsRoot(manager, manager.refresh)
  const second = runAsRoot(manager, install)
  return second.succeeded ? undefined : lastLine(second.output)
}

function runAsRoot(manager, command) {
  const [program, ...args] = isRoot || manager.name === 'brew' ? command : ['sudo', ...command]
  return runQuietly(program, args, { stdio: ['inherit', 'pipe', 'pipe'] })
}

const lastLine = (output) => output.split('\n').at(-1)

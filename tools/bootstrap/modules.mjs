import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { tooling } from './checkout.mjs'

/** Where modules, programs and the libraries they need are unpacked when nobody may, or should, install them. */
export const unpacked = join(tooling, 'softhsm')

const triplet = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`
const systemLibraries = ['/usr/lib64', `/usr/lib/${triplet}`, '/usr/lib', '/usr/local/lib', '/opt/homebrew/lib']

const programs = (process.env.PATH ?? '').split(delimiter).filter(Boolean)

const programPlaces = [...programs, '/opt/homebrew/bin', '/usr/local/bin', join(unpacked, 'usr/bin')]

/** Ceph’s packages, and a program of each. */
const ceph = ['ceph-mon', 'ceph-osd', 'radosgw', 'ceph-common']

const places = {
  softhsm: [
    '/usr/lib/softhsm',
    ...systemLibraries.flatMap((library) => [`${library}/softhsm`, `${library}/pkcs11`, library]),
    '/opt/homebrew/opt/softhsm/lib/softhsm',
    '/usr/local/opt/softhsm/lib/softhsm',
    join(unpacked, 'usr/lib/softhsm'),
    join(unpacked, `usr/lib/${triplet}/softhsm`),
  ],
  nss: [
    ...systemLibraries.flatMap((library) => [library, `${library}/nss`]),
    '/opt/homebrew/opt/nss/lib',
    '/usr/local/opt/nss/lib',
    join(unpacked, `usr/lib/${triplet}`),
    join(unpacked, `usr/lib/${triplet}/nss`),
  ],
  // Of Debian's and Ubuntu's packages, of Fedora's.
  opencryptoki: [
    ...systemLibraries.flatMap((library) => [`${library}/pkcs11`, `${library}/opencryptoki`]),
    join(unpacked, `usr/lib/${triplet}/pkcs11`),
  ],
  redis: programPlaces,
  oathtool: programPlaces,
  ...Object.fromEntries(ceph.map((name) => [name, programs])),
  chromium: [
    ...programs,
    '/Applications/Chromium.app/Contents/MacOS',
    '/Applications/Google Chrome.app/Contents/MacOS',
  ],
}
const files = {
  softhsm: ['libsofthsm2.so'],
  nss: process.platform === 'darwin' ? ['libsoftokn3.dylib'] : ['libsoftokn3.so'],
  opencryptoki: ['libopencryptoki.so'],
  redis: ['redis-server'],
  oathtool: ['oathtool'],
  ...Object.fromEntries(ceph.map((name) => [name, [name === 'ceph-common' ? 'ceph' : name]])),
  chromium: ['chromium', 'chromium-browser', 'google-chrome', 'Chromium', 'Google Chrome'],
}
const variables = {
  softhsm: 'PKCS11_MODULE',
  nss: 'STRONGROOM_NSS_MODULE',
  opencryptoki: 'STRONGROOM_OPENCRYPTOKI_MODULE',
  redis: 'STRONGROOM_REDIS_SERVER',
  oathtool: 'STRONGROOM_OATHTOOL',
  chromium: 'STRONGROOM_CHROMIUM',
}

/** What the conformance suite judges beside SoftHSM; openCryptoki is a Linux one. */
export const judgedModules = process.platform === 'linux' ? ['nss', 'opencryptoki'] : ['nss']

/** The path of a PKCS#11 module or a program: the one its variable names, else the first at a usual place. */
export function findModule(name) {
  const given = process.env[variables[name]]
  if (given) return given
  return places[name].flatMap((place) => files[name].map((file) => join(place, file))).find((path) => existsSync(path))
}

/** A path given by hand that leads nowhere is a mistake to point out, not a reason to take another. */
export function wrongVariable() {
  return Object.values(variables).find((variable) => process.env[variable] && !existsSync(process.env[variable]))
}

/** The variables that lead to what was found, and to the libraries unpacked beside it. */
export function moduleVariables(modules) {
  const named = Object.entries(modules).filter(([name]) => variables[name])
  const found = named.map(([name, path]) => [variables[name], path])
  const libraries = librariesUnpacked()
  if (libraries.length > 0 && Object.values(modules).some((path) => path.startsWith(unpacked)))
    found.push(['LD_LIBRARY_PATH', [...libraries, process.env.LD_LIBRARY_PATH].filter(Boolean).join(':')])
  return Object.fromEntries(found)
}

function librariesUnpacked() {
  const candidates = ['usr/lib', 'lib'].map((place) => join(unpacked, place, triplet))
  const nss = candidates.map((place) => join(place, 'nss'))
  return [...candidates, ...nss].filter((place) => existsSync(place) && readdirSync(place).length > 0)
}

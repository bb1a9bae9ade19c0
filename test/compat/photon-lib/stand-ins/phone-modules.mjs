import { registerHooks } from 'node:module'
import { numberOf } from './phones.mjs'

// What only a phone has. Everything else that the library imports is the published code.
const standIns = new Map([
  ['react-native', './react-native.mjs'],
  ['react-native-device-info', './device-info.mjs'],
  ['@photon-sdk/react-native-icloudstore', './icloud-store.mjs'],
  ['@react-native-google-signin/google-signin', './google.mjs'],
  ['@robinbobin/react-native-google-drive-api-wrapper', './google.mjs'],
])

// Metro, the bundler of phones, completes paths; Node does not.
const complete = (specifier) => (/^\.{1,2}\/|^chacha\//.test(specifier) ? `${specifier}.js` : specifier)

registerHooks({
  resolve(specifier, context, next) {
    const phone = phoneOf(context.parentURL)
    if (phone === null) return next(specifier, context)
    const standIn = standIns.get(specifier)
    if (standIn !== undefined) return onPhone(new URL(standIn, import.meta.url).href, phone)
    const resolved = next(complete(specifier), context)
    return specifier.startsWith('.') ? onPhone(resolved.url, phone) : resolved
  },
})

// The stand-ins share one registry of phones, so what they import themselves stays off the phone.
const isStandIn = (url) => url.startsWith(new URL('.', import.meta.url).href)
const phoneOf = (importer) => (importer?.startsWith('file:') && !isStandIn(importer) ? numberOf(importer) : null)

const onPhone = (url, phone) => ({ url: `${url}?phone=${phone}`, format: 'module', shortCircuit: true })

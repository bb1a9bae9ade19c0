import type { webcrypto } from 'node:crypto'
import { ObjectClass } from 'graphene-pk11'
import type { ITemplate, ITemplateBuilder, ITemplateBuildParameters } from 'node-webcrypto-p11'
import { encodeMechanisms } from '../pkcs11/template.ts'

/**
 * Every key lives in the session, sensitive, not extractable, and does what it was made for: the library's own templates
 * are readable ones. Unwrapping, wrapping and deriving are written out as no, since modules have defaults of their own.
 */
export const closedTemplates = (allowedMechanisms: readonly number[] | undefined): ITemplateBuilder => ({
  build({ type, action, attributes }: ITemplateBuildParameters): ITemplate {
    if (action !== 'generate') throw new TypeError('the WebCrypto view makes keys and takes in none')
    const may = (use: webcrypto.KeyUsage): boolean => attributes.usages?.includes(use) ?? false
    const [sign, verify, encrypt, decrypt] = [may('sign'), may('verify'), may('encrypt'), may('decrypt')]
    const place = { token: false, id: Buffer.from((attributes.id as Uint8Array | undefined) ?? []), label: 'webcrypto' }
    const bound = allowedMechanisms && { allowedMechanisms: Buffer.from(encodeMechanisms(allowedMechanisms)) }
    const secrecy = { private: true, sensitive: true, extractable: false, unwrap: false, derive: false, ...bound }
    switch (type) {
      case 'private':
        return { ...place, ...secrecy, class: ObjectClass.PRIVATE_KEY, sign, decrypt }
      case 'secret':
        return { ...place, ...secrecy, class: ObjectClass.SECRET_KEY, wrap: false, sign, verify, encrypt, decrypt }
      case 'public':
        return { ...place, class: ObjectClass.PUBLIC_KEY, private: false, verify: true, encrypt: false, wrap: false }
      case 'x509':
      case 'request':
        throw new TypeError('the WebCrypto view keeps keys alone')
    }
  },
})

/**
 * In place of Moddable's `ssl/cert`, whose checks (8.2.3) refuse a server that shows its certificate alone, take any
 * certificate for an authority's, and check the name against every certificate of the chain. The session's certificate
 * manager is the object that whoever makes the session hands in; see `keyring.ts`.
 */
export default class CertificateManager {
  constructor(options: { certificateManager: object }) {
    // biome-ignore lint/correctness/noConstructorReturn: the session says `new CertificateManager`
    return options.certificateManager as CertificateManager;
  }
}

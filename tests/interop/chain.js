// SPDX-License-Identifier: Apache-2.0
// Audits a ledger from outside: `chain.js JOB`; the job has {until: a block's number, msp_ca:
// {organisation: PEM}}. Reads full blocks from the first on and computes again whatever clients
// can: header and data hashes, transaction ids, proposal hashes, every signature. Prints one JSON
// document: {blocks, transactions, endorsements, others: what clients do not send, wrong: [what]}.
'use strict';
const { createHash, verify, X509Certificate } = require('node:crypto');
const { common, msp, peer } = require('@hyperledger/fabric-protos');
const { main, say } = require('./client');

const ENDORSER_TRANSACTION = common.HeaderType.ENDORSER_TRANSACTION;

function sha256(...parts) {
  const digest = createHash('sha256');
  parts.forEach((part) => digest.update(part));
  return digest.digest();
}

const same = (one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)) === 0;

// DER: tag, length (all of ours are below 128 bytes), content.
const der = (tag, content) => Buffer.concat([Buffer.from([tag, content.length]), content]);

// The header as a sequence of number, hash of the header before, hash of the data.
function headerHash(header) {
  const digits = BigInt(header.getNumber()).toString(16);
  let number = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
  if (number[0] > 127) {
    number = Buffer.concat([Buffer.from([0]), number]);
  }
  const before = Buffer.from(header.getPreviousHash_asU8());
  const data = Buffer.from(header.getDataHash_asU8());
  return sha256(der(0x30, Buffer.concat([der(2, number), der(4, before), der(4, data)])));
}

class Audit {
  constructor(authorities) {
    this.authorities = authorities;
    this.identities = new Map();
    this.last = undefined;
    this.seen = { blocks: 0, transactions: 0, endorsements: 0, others: 0, wrong: [] };
  }

  check(isRight, what) {
    if (!isRight) {
      this.seen.wrong.push(`block ${this.seen.blocks}: ${what}`);
    }
  }

  // The public key of a serialised identity that its organisation's CA issued.
  keyOf(serialised) {
    const name = sha256(serialised).toString('hex');
    if (!this.identities.has(name)) {
      const identity = msp.SerializedIdentity.deserializeBinary(serialised);
      const certificate = new X509Certificate(Buffer.from(identity.getIdBytes_asU8()));
      const authority = new X509Certificate(this.authorities[identity.getMspid()]);
      const isIssued = certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
      this.check(isIssued, `a certificate is not of ${identity.getMspid()}`);
      this.identities.set(name, certificate.publicKey);
    }
    return this.identities.get(name);
  }

  signed(serialised, data, signature, what) {
    this.check(verify('sha256', data, this.keyOf(serialised), signature), `${what} is not signed`);
  }

  block(block) {
    const header = block.getHeader();
    const messages = block.getData().getDataList_asU8();
    const previous = this.last ? headerHash(this.last) : Buffer.alloc(0);
    this.check(header.getNumber() === this.seen.blocks, 'its number is another');
    this.check(same(header.getPreviousHash_asU8(), previous), 'it does not follow the last one');
    this.check(same(header.getDataHash_asU8(), sha256(...messages)), 'its data are others');
    const codes = block.getMetadata().getMetadataList_asU8()[
      common.BlockMetadataIndex.TRANSACTIONS_FILTER
    ];
    this.check(codes.length === messages.length, 'it has not one code a message');
    messages.forEach((raw) => this.message(common.Envelope.deserializeBinary(raw)));
    this.last = header;
    this.seen.blocks += 1;
  }

  message(envelope) {
    const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
    const channelHeader = payload.getHeader().getChannelHeader_asU8();
    const opened = common.ChannelHeader.deserializeBinary(channelHeader);
    if (opened.getType() !== ENDORSER_TRANSACTION) {
      this.seen.others += 1;
      return;
    }
    const signatureHeader = payload.getHeader().getSignatureHeader_asU8();
    const by = common.SignatureHeader.deserializeBinary(signatureHeader);
    const id = sha256(by.getNonce_asU8(), by.getCreator_asU8()).toString('hex');
    this.check(opened.getTxId() === id, 'a transaction has a foreign id');
    this.signed(
      by.getCreator_asU8(), envelope.getPayload_asU8(), envelope.getSignature_asU8(), id);
    const { length, 0: action } = peer.Transaction.deserializeBinary(
      payload.getData_asU8()).getActionsList();
    this.check(length === 1, `${id} has not one action`);
    this.check(same(action.getHeader_asU8(), signatureHeader), `${id} has two headers`);
    const inner = peer.ChaincodeActionPayload.deserializeBinary(action.getPayload_asU8());
    const response = inner.getAction().getProposalResponsePayload_asU8();
    this.check(
      same(
        peer.ProposalResponsePayload.deserializeBinary(response).getProposalHash_asU8(),
        sha256(channelHeader, signatureHeader, inner.getChaincodeProposalPayload_asU8()),
      ),
      `${id} answers another proposal`,
    );
    for (const endorsement of inner.getAction().getEndorsementsList()) {
      const endorser = endorsement.getEndorser_asU8();
      const data = Buffer.concat([response, endorser]);
      this.signed(endorser, data, endorsement.getSignature_asU8(), `an endorsement of ${id}`);
      this.seen.endorsements += 1;
    }
    this.seen.transactions += 1;
  }
}

main(async (gateway, job) => {
  const audit = new Audit(job.msp_ca);
  const blocks = await gateway.getNetwork(job.channel).getBlockEvents({ startBlock: BigInt(0) });
  try {
    for await (const block of blocks) {
      audit.block(block);
      if (block.getHeader().getNumber() >= job.until) {
        break;
      }
    }
  } finally {
    blocks.close();
  }
  say(audit.seen);
});

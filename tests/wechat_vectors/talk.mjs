// Stands where WeChat stands, in another language: `seal` builds a safe-mode request, `open` reads the answer.
// Reads JSON from stdin, writes JSON to stdout. node talk.mjs seal|open
import crypto from 'node:crypto';
import * as W from './wxgen.mjs';

const given = JSON.parse(await new Promise(done => {
  let text = '';
  process.stdin.setEncoding('utf8').on('data', part => { text += part; }).on('end', () => done(text));
}));

function seal({ account, timestamp, nonce, fields }) {
  const sealed = W.seal(account.encoding_aes_key, crypto.randomBytes(16), W.xmlOf(fields), account.appid);
  return W.safePost(account, timestamp, nonce, sealed, { openid: fields.FromUserName });
}

function open({ account, body }) {
  const read = name => new RegExp(`<${name}>(?:<!\\[CDATA\\[)?([^<\\]]*)`).exec(body)?.[1];
  const sealed = read('Encrypt');
  const signature = W.msgSignature(account.token, read('TimeStamp'), read('Nonce'), sealed);
  if (signature !== read('MsgSignature')) throw new Error('the answer is not signed by the account');
  const key = W.keyOf(account.encoding_aes_key);
  const d = crypto.createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  const padded = Buffer.concat([d.update(Buffer.from(sealed, 'base64')), d.final()]);
  const frame = padded.subarray(0, padded.length - padded.at(-1));
  const length = frame.readUInt32BE(16);
  if (frame.subarray(20 + length).toString() !== account.appid) throw new Error('the answer is for another appid');
  return { message: frame.subarray(20, 20 + length).toString() };
}

process.stdout.write(JSON.stringify({ seal, open }[process.argv[2]](given)));

import { createHmac, randomBytes, scryptSync, timingSafeEqual } from "node:crypto";

/** Derives a salted hash that can be stored instead of the password. */
export function hashPassword(password: string): string {
  const salt = randomBytes(16);
  return salt.toString("hex") + ":" + scryptSync(password, salt, 64).toString("hex");
}

/** Compares a typed password with a stored hash in constant time. */
export function verifyPassword(password: string, stored: string): boolean {
  const [salt, hash] = stored.split(":");
  const candidate = scryptSync(password, Buffer.from(salt, "hex"), 64);
  return timingSafeEqual(candidate, Buffer.from(hash, "hex"));
}

export function signToken(payload: object, secret: string): string {
  const body = Buffer.from(JSON.stringify(payload)).toString("base64url");
  const signature = createHmac("sha256", secret).update(body).digest("base64url");
  return `${body}.${signature}`;
}

export function isExpired(token: { expires: number }, now = Date.now()): boolean {
  return token.expires * 1000 < now;
}

import { hashPassword, isExpired, verifyPassword } from "../net/auth";

describe("passwords", () => {
  it("verifies the password that was hashed", () => {
    expect(verifyPassword("secret", hashPassword("secret"))).toBe(true);
  });

  it("refuses another password", () => {
    expect(verifyPassword("guess", hashPassword("secret"))).toBe(false);
  });
});

describe("session tokens", () => {
  it("says that an old token is expired", () => {
    expect(isExpired({ expires: 60 }, 61)).toBe(true);
  });
});

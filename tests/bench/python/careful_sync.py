"""The same job by a careful programmer with a day more: one connection to each door, only the members
that a listing names, only their persons read, written, and read back; nothing but the standard library.
Like plain_sync.py it has none of the program's safety rules.

    careful_sync.py [--full] [--audit]

Reads plain_sync.json (addresses) and persons.csv (who is who), keeps careful_sync.db.
"""

import base64, csv, datetime, hashlib, http.client, json, os, sqlite3, sys  # noqa: E401
from xml.etree import ElementTree

PAGE = 30
USER_INFO = "/ISAPI/AccessControl/UserInfo/"
TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS link (email TEXT PRIMARY KEY, number TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS member (number TEXT PRIMARY KEY, email TEXT, begins TEXT, ends TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS person (device TEXT, number TEXT, begins TEXT, ends TEXT,
                                   PRIMARY KEY (device, number)) WITHOUT ROWID;
"""


def connect(address):
    scheme, _, host = address.partition("://")
    secure = scheme == "https"
    return (http.client.HTTPSConnection if secure else http.client.HTTPConnection)(host, timeout=120)


def members_of(config, since):
    changed = f'<ChangedAt value="{since}"/>' if since else ""
    body = f'<OrganisationId value="{config["organisation"]}"/>{changed}'
    body = f"<Cardskipper><SearchCriteriaMember>{body}</SearchCriteriaMember></Cardskipper>"
    login = base64.b64encode(f"api@club.example:{os.environ['CARD_PASSWORD']}".encode()).decode()
    headers = {"Content-Type": "application/xml", "Authorization": "Basic " + login}
    service = connect(config["service"])
    service.request("POST", "/Member/Export", body, headers)
    answer = service.getresponse()
    listing = ElementTree.fromstring(answer.read())
    if answer.status != 200 or listing.tag != "Cardskipper":
        raise SystemExit(f"no listing: {answer.status}")
    for member in listing.iterfind("Members/Member"):
        email = member.find("ContactInfo").get("EMail")
        path = f'Organisations/Organisation[@Id="{config["organisation"]}"]/Roles/Role'
        roles = [(role.get("StartDate")[:10], role.get("EndDate")[:10]) for role in member.iterfind(path)]
        if not email or not roles:
            continue
        begins, ends = min(roles)[0] + "T00:00:00", max(end for _, end in roles) + "T23:59:59"
        if member.get("Inactive") == "true":
            ends = min(ends, datetime.date.today().isoformat() + "T00:00:00")
        yield member.get("OrganisationMemberId"), email.strip().lower(), begins, ends


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


class Door:
    """One connection, and the challenge it gave last for as long as it is good."""

    def __init__(self, address):
        self.address, self.connection, self.challenge, self.uses = address, connect(address), None, 0

    def login(self, method, path):
        self.uses += 1
        realm, nonce, opaque = self.challenge
        secret = md5(f"admin:{realm}:{os.environ['DOOR_PASSWORD']}")
        count, mine = f"{self.uses:08x}", os.urandom(8).hex()
        proof = md5(f"{secret}:{nonce}:{count}:{mine}:auth:{md5(f'{method}:{path}')}")
        return (
            f'Digest username="admin", realm="{realm}", nonce="{nonce}", uri="{path}", qop=auth, '
            f'nc={count}, cnonce="{mine}", response="{proof}", opaque="{opaque}"'
        )

    def call(self, method, path, body):
        path, body = USER_INFO + path + "?format=json", json.dumps(body)
        for _ in range(3):
            headers = {"Content-Type": "application/json"}
            if self.challenge:
                headers["Authorization"] = self.login(method, path)
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
            text = answer.read()
            if answer.status == 200:
                return json.loads(text)
            told = answer.getheader("WWW-Authenticate", "")
            if answer.status != 401:
                break
            parts = [told.partition(f'{name}="')[2].partition('"')[0] for name in ("realm", "nonce", "opaque")]
            self.challenge, self.uses = parts, 0
        raise SystemExit(f"{self.address}: {answer.status}")

    def search(self, position, only=None):
        asked = {"searchID": "careful", "searchResultPosition": position, "maxResults": PAGE}
        if only:
            asked["EmployeeNoList"] = [{"employeeNo": number} for number in only]
        return self.call("POST", "Search", {"UserInfoSearchCond": asked})["UserInfoSearch"]

    def everybody(self):
        position = 0
        while True:
            page = self.search(position)
            yield from page.get("UserInfo", [])
            position += page["numOfMatches"]
            if page["responseStatusStrg"] != "MORE":
                return

    def write(self, person, begins, ends):
        valid = {"enable": True, "beginTime": begins, "endTime": ends, "timeType": "local"}
        kept = {key: person[key] for key in ("employeeNo", "name", "userType")}
        self.call("PUT", "Modify", {"UserInfo": {**kept, "Valid": valid}})


def row(door, person):
    return door.address, person["employeeNo"], person["Valid"]["beginTime"], person["Valid"]["endTime"]


def keep(state, door, persons):
    rows = (row(door, person) for person in persons)
    state.executemany("INSERT OR REPLACE INTO person VALUES (?, ?, ?, ?)", rows)


def follow(state, door, wanted):
    """Gives these persons these times, thirty at a time; who is not on the door stays away."""
    query = "SELECT begins, ends FROM person WHERE device = ? AND number = ?"
    held = ((number, times, state.execute(query, (door.address, number)).fetchone()) for number, times in wanted)
    differ = [(number, times) for number, times, there in held if there and there != times]
    for start in range(0, len(differ), PAGE):
        some = dict(differ[start : start + PAGE])
        for person in door.search(0, list(some)).get("UserInfo", []):
            times = some[person["employeeNo"]]
            if person["userType"] == "normal" and person["Valid"]["enable"] and row(door, person)[2:] != times:
                door.write(person, *times)
        keep(state, door, door.search(0, list(some)).get("UserInfo", []))


def main():
    with open("plain_sync.json", encoding="utf-8") as file:
        config = json.load(file)
    state = sqlite3.connect("careful_sync.db")
    state.executescript(TABLES)
    known = dict(state.execute("SELECT key, value FROM meta"))
    stamp = str(os.stat("persons.csv").st_mtime_ns)
    if known.get("links") != stamp:
        with open("persons.csv", encoding="utf-8", newline="") as file:
            links = [(row["Email"].strip().lower(), row["Person ID"]) for row in csv.DictReader(file)]
        state.executemany("INSERT OR REPLACE INTO link VALUES (?, ?)", links)
    now = datetime.datetime.fromisoformat(os.environ["IVMS_SYNC_TEST_NOW"])
    members = members_of(config, None if "--full" in sys.argv else known.get("fetched"))
    old = "SELECT number, email, begins, ends FROM member WHERE number = ?"
    news = [one for one in members if state.execute(old, one[:1]).fetchone() != one]
    state.executemany("INSERT OR REPLACE INTO member VALUES (?, ?, ?, ?)", news)
    linked = "SELECT number FROM link WHERE email = ?"
    found = ((state.execute(linked, (email,)).fetchone(), (begins, ends)) for _, email, begins, ends in news)
    wanted = [(number[0], times) for number, times in found if number]
    for door in map(Door, config["devices"]):
        if "--audit" in sys.argv or door.address not in known:
            keep(state, door, door.everybody())
            state.execute("INSERT OR REPLACE INTO meta VALUES (?, '')", (door.address,))
        follow(state, door, wanted)
    fetched = (now - datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
    state.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", [("fetched", fetched), ("links", stamp)])
    state.commit()


main()

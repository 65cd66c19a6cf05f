"""The same job as plainly as a good programmer would write it in an afternoon: the measure that the
program is held against. It has none of the program's safety rules.

    plain_sync.py [--full] [--audit]

Reads plain_sync.json (addresses) and persons.csv (who is who), keeps plain_sync.db.
"""

import argparse
import csv
import datetime
import json
import os
import sqlite3

import requests
from lxml import etree
from requests.auth import HTTPDigestAuth

PAGE = 30
SEARCH = "/ISAPI/AccessControl/UserInfo/Search?format=json"
MODIFY = "/ISAPI/AccessControl/UserInfo/Modify?format=json"


def open_state():
    state = sqlite3.connect("plain_sync.db")
    state.executescript(
        """
        CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT);
        CREATE TABLE IF NOT EXISTS member
            (number INTEGER PRIMARY KEY, email TEXT, begins TEXT, ends TEXT);
        CREATE TABLE IF NOT EXISTS person
            (device TEXT, employee_no TEXT, name TEXT, user_type TEXT, enable INTEGER,
             begins TEXT, ends TEXT, PRIMARY KEY (device, employee_no));
        """
    )
    return state


def fetch_members(config, since):
    root = etree.Element("Cardskipper")
    criteria = etree.SubElement(root, "SearchCriteriaMember")
    etree.SubElement(criteria, "OrganisationId", value=str(config["organisation"]))
    if since:
        etree.SubElement(criteria, "ChangedAt", value=since)
    answer = requests.post(
        config["service"] + "/Member/Export",
        data=etree.tostring(root),
        headers={"Content-Type": "application/xml"},
        auth=("api@club.example", os.environ["CARD_PASSWORD"]),
        timeout=120,
    )
    answer.raise_for_status()
    listing = etree.fromstring(answer.content, etree.XMLParser(huge_tree=True))
    if listing.tag != "Cardskipper":
        raise SystemExit("not a listing: " + listing.tag)
    for member in listing.iterfind("Members/Member"):
        contact = member.find("ContactInfo")
        email = contact.get("EMail") if contact is not None else None
        roles = [
            (role.get("StartDate")[:10], role.get("EndDate")[:10])
            for organisation in member.iterfind("Organisations/Organisation")
            if organisation.get("Id") == str(config["organisation"])
            for role in organisation.iterfind("Roles/Role")
        ]
        if not email or not roles:
            continue
        begins = min(start for start, _ in roles) + "T00:00:00"
        ends = max(end for _, end in roles) + "T23:59:59"
        if member.get("Inactive") == "true":
            ends = min(ends, datetime.date.today().isoformat() + "T00:00:00")
        yield int(member.get("OrganisationMemberId")), email.strip().lower(), begins, ends


class DoorLogin(HTTPDigestAuth):
    """Two details in which requests is not as doors want it: an empty opaque goes back too, and qop
    stands without quotes."""

    def build_digest_header(self, method, url):
        header = super().build_digest_header(method, url)
        if "opaque=" not in header and "opaque" in self._thread_local.chal:
            header += ', opaque=""'
        return header.replace('qop="auth"', "qop=auth")


def call(session, method, url, body):
    # A challenge of a door is good for one request, so each call gets a login of its own.
    login = DoorLogin("admin", os.environ["DOOR_PASSWORD"])
    answer = session.request(method, url, json=body, auth=login, timeout=30)
    answer.raise_for_status()
    return answer.json()


def search(session, device, position, only=None):
    condition = {
        "searchID": "plain-sync",
        "searchResultPosition": position,
        "maxResults": PAGE,
    }
    if only:
        condition["EmployeeNoList"] = [{"employeeNo": number} for number in only]
    return call(session, "POST", device + SEARCH, {"UserInfoSearchCond": condition})[
        "UserInfoSearch"
    ]


def read_persons(session, device):
    position = 0
    while True:
        page = search(session, device, position)
        persons = page.get("UserInfo", [])
        yield from persons
        position += len(persons)
        if not persons or page["responseStatusStrg"] != "MORE":
            return


def row_of(device, person):
    valid = person["Valid"]
    return (
        device,
        person["employeeNo"],
        person["name"],
        person["userType"],
        valid["enable"],
        valid["beginTime"],
        valid["endTime"],
    )


PUT_PERSON = "INSERT OR REPLACE INTO person VALUES (?, ?, ?, ?, ?, ?, ?)"


def write(session, device, change):
    number, name, user_type, begins, ends = change
    valid = {"enable": True, "beginTime": begins, "endTime": ends, "timeType": "local"}
    person = {"employeeNo": number, "name": name, "userType": user_type, "Valid": valid}
    answer = call(session, "PUT", device + MODIFY, {"UserInfo": person})
    if answer.get("statusCode") != 1:
        raise SystemExit(f"{device}: {number}: {answer}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--audit", action="store_true")
    args = parser.parse_args()
    with open("plain_sync.json", encoding="utf-8") as file:
        config = json.load(file)
    state = open_state()
    session = requests.Session()
    began = datetime.datetime.fromisoformat(os.environ["IVMS_SYNC_TEST_NOW"])

    known = dict(state.execute("SELECT key, value FROM meta"))
    since = None if args.full else known.get("fetched")
    members = list(fetch_members(config, since))
    asked_from = (began - datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
    with state:
        state.executemany("INSERT OR REPLACE INTO member VALUES (?, ?, ?, ?)", members)
        state.execute("INSERT OR REPLACE INTO meta VALUES ('fetched', ?)", (asked_from,))

    for device in config["devices"]:
        is_known = state.execute("SELECT 1 FROM person WHERE device = ?", (device,)).fetchone()
        if args.audit or not is_known:
            rows = [row_of(device, person) for person in read_persons(session, device)]
            with state:
                state.execute("DELETE FROM person WHERE device = ?", (device,))
                state.executemany(PUT_PERSON, rows)

    if members:
        with open("persons.csv", encoding="utf-8", newline="") as file:
            links = {
                row["Email"].strip().lower(): row["Person ID"] for row in csv.DictReader(file)
            }
    for device in config["devices"] if members else []:
        persons = {
            row[0]: row[1:]
            for row in state.execute(
                "SELECT employee_no, name, user_type, enable, begins, ends"
                " FROM person WHERE device = ?",
                (device,),
            )
        }
        changes = []
        for _, email, begins, ends in members:
            number = links.get(email)
            if number not in persons:
                continue
            name, user_type, enable, begins_there, ends_there = persons[number]
            if user_type != "normal" or not enable or (begins_there, ends_there) == (begins, ends):
                continue
            changes.append((number, name, user_type, begins, ends))
        for start in range(0, len(changes), PAGE):
            some = changes[start : start + PAGE]
            for change in some:
                write(session, device, change)
            page = search(session, device, 0, [change[0] for change in some])
            with state:
                state.executemany(PUT_PERSON, [row_of(device, p) for p in page["UserInfo"]])


main()

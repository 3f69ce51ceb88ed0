#!/usr/bin/env python3
"""Opens every file of a sample archive as a scientist would, and stops at the first bad one.

Usage: check-sample.py DIR

Needs astropy. Uses pvl for PDS3 labels and pds4_tools for PDS4 data if they are installed.
"""

import hashlib
import pathlib
import re
import sys
import warnings
import xml.etree.ElementTree as ElementTree
from collections import Counter

import numpy
from astropy.io import fits
from astropy.io.fits.verify import VerifyWarning
from astropy.utils.exceptions import AstropyUserWarning
from astropy.wcs import WCS, FITSFixedWarning

try:
    import pvl
except ImportError:
    pvl = None
try:
    import pds4_tools
except ImportError:
    pds4_tools = None

PDS4 = "{http://pds.nasa.gov/pds4/pds/v1}"
FITS_NAME = re.compile(r"\.fits(\.gz)?$", re.IGNORECASE)
# Where the position of the target stands, by mission.
POSITIONS = [("RA_TARG", "DEC_TARG"), ("TARG_RA", "TARG_DEC"), ("RA", "DEC")]


class Bad(Exception):
    """A file is not what it should be."""


def require(condition, message):
    if not condition:
        raise Bad(message)


def check_fits(path, counts):
    with fits.open(path, checksum=True, memmap=False) as hdus:
        hdus.verify("exception")
        require(len(hdus) >= 1, "no HDU")
        primary = hdus[0].header
        position = next(
            ((primary[ra], primary[dec]) for ra, dec in POSITIONS if ra in primary), None
        )
        for index, hdu in enumerate(hdus):
            counts["HDUs"] += 1
            require(hdu.verify_checksum() == 1, f"HDU {index}: CHECKSUM")
            require(hdu.verify_datasum() == 1, f"HDU {index}: DATASUM")
            if hdu.data is None:
                continue
            if isinstance(hdu, fits.BinTableHDU):
                require(len(hdu.data) == hdu.header["NAXIS2"], f"HDU {index}: rows")
                for name in hdu.columns.names:
                    values = hdu.data[name]
                    require(numpy.isfinite(values).all(), f"HDU {index}: {name} is not finite")
                counts["tables"] += 1
                continue
            require(numpy.isfinite(hdu.data).all(), f"HDU {index}: pixels are not finite")
            counts["images"] += 1
            if "CTYPE1" in hdu.header:
                check_wcs(hdu, index, position, counts)


def check_wcs(hdu, index, position, counts):
    wcs = WCS(hdu.header)
    require(wcs.naxis == 2, f"HDU {index}: WCS has {wcs.naxis} axes")
    if not wcs.has_celestial:
        counts["other WCS"] += 1
        return
    height, width = hdu.data.shape
    centre = wcs.pixel_to_world((width - 1) / 2, (height - 1) / 2).icrs
    expected = (hdu.header["CRVAL1"] % 360, hdu.header["CRVAL2"])
    require(
        abs(centre.ra.deg - expected[0]) < 1e-7 and abs(centre.dec.deg - expected[1]) < 1e-7,
        f"HDU {index}: the centre is {centre.to_string()}, not {expected}",
    )
    if position is not None:
        require(abs(centre.dec.deg - position[1]) < 5, f"HDU {index}: far from the target")
    if "S_REGION" in hdu.header:
        numbers = [float(word) for word in hdu.header["S_REGION"].split()[2:]]
        corners = wcs.calc_footprint()
        near = (abs(numpy.reshape(numbers, (4, 2)) - corners) < 1e-3).all()
        require(near, "S_REGION is not the footprint")
    counts["celestial WCS"] += 1


def check_pds4(path, counts):
    root = ElementTree.parse(path).getroot()
    require(root.tag == PDS4 + "Product_Observational", f"root is {root.tag}")

    def text(name, parent=root):
        found = parent.find(f".//{PDS4}{name}")
        require(found is not None and found.text, f"{name} is missing")
        return found.text

    lid = text("logical_identifier")
    require(re.fullmatch(r"urn:esa:psa(:[a-z0-9._-]+){3}", lid), f"LID {lid}")
    require(text("start_date_time") <= text("stop_date_time"), "stops before it starts")
    for area in ("Investigation_Area", "Observing_System", "Target_Identification"):
        text("lid_reference", root.find(f".//{PDS4}{area}"))
    data = path.with_name(text("file_name"))
    content = data.read_bytes()
    require(len(content) == int(text("file_size")), f"file_size of {data.name}")
    require(hashlib.md5(content).hexdigest() == text("md5_checksum"), f"MD5 of {data.name}")
    image = root.find(f".//{PDS4}Array_2D_Image")
    if image is not None:
        elements = [int(axis.text) for axis in image.iter(PDS4 + "elements")]
        width = {"IEEE754LSBSingle": 4, "SignedMSB2": 2}[text("data_type", image)]
        end = int(text("offset", image)) + elements[0] * elements[1] * width
        require(end <= len(content) < end + 2880, f"the image ends at {end} of {len(content)}")
    table = root.find(f".//{PDS4}Table_Character")
    if table is not None:
        length = int(text("record_length", table))
        require(length * int(text("records", table)) == len(content), "records")
        for start in range(0, len(content), length):
            require(content[start + length - 2 : start + length] == b"\r\n", "record end")
    if pds4_tools is not None:
        structures = pds4_tools.read(str(path), quiet=True, lazy_load=False)
        require(len(structures) >= 1, "pds4_tools finds no structure")
        counts["read by pds4_tools"] += 1
    counts["PDS4 labels"] += 1
    return lid


def check_pds3(path, counts):
    content = path.read_bytes()
    head = content[: content.index(b"\r\nEND\r\n") + 7].decode("ascii")
    require(head.startswith("PDS_VERSION_ID"), "no PDS_VERSION_ID")
    values = dict(
        re.findall(r"^\s*(\^?[A-Z_]+)\s*= ?\"?(.*?)\"?\r$", head, re.MULTILINE)
    )
    for keyword in ("DATA_SET_ID", "PRODUCT_ID", "INSTRUMENT_ID", "TARGET_NAME", "START_TIME"):
        require(keyword in values, f"{keyword} is missing")
    record = int(values["RECORD_BYTES"])
    lines, samples = int(values["LINES"]), int(values["LINE_SAMPLES"])
    bits = int(values["SAMPLE_BITS"])
    pointer = values["^IMAGE"]
    detached = re.match(r"\(\"(.+?)\", (\d+)\)?", pointer)
    data = path.with_name(detached[1]) if detached else path
    first = int(detached[2]) if detached else int(pointer)
    size = data.stat().st_size
    require(size == record * int(values["FILE_RECORDS"]), f"{data.name}: FILE_RECORDS")
    end = (first - 1) * record + lines * samples * bits // 8
    require(end == size, f"{data.name}: the image ends at {end} of {size}")
    if not detached:
        labelled = int(values["LABEL_RECORDS"]) * record
        require(content[len(head) : labelled].strip() == b"", "the label is not padded")
    if pvl is not None:
        label = pvl.loads(head)
        require(label["IMAGE"]["LINES"] == lines, "pvl reads other LINES")
        counts["read by pvl"] += 1
    counts["PDS3 labels"] += 1


def main(arguments):
    if len(arguments) != 1:
        print("usage: check-sample.py DIR", file=sys.stderr)
        return 2
    root = pathlib.Path(arguments[0])
    warnings.simplefilter("error", AstropyUserWarning)
    warnings.simplefilter("error", VerifyWarning)
    # STIS calls its axes LAMBDA and ANGLE; JWST's times are spelt twice.
    warnings.simplefilter("ignore", FITSFixedWarning)
    counts = Counter()
    identifiers = {}
    for path in sorted(root.rglob("*")):
        if not path.is_file():
            continue
        try:
            if FITS_NAME.search(path.name):
                counts["FITS files"] += 1
                check_fits(path, counts)
            elif path.suffix == ".xml":
                lid = check_pds4(path, counts)
                require(lid not in identifiers, f"LID as in {identifiers.get(lid)}")
                identifiers[lid] = path
            elif path.suffix == ".LBL" or (
                path.suffix == ".IMG" and not path.with_suffix(".LBL").exists()
            ):
                check_pds3(path, counts)
            elif path.suffix not in (".IMG", ".dat", ".tab", ".txt", ""):
                raise Bad("unknown kind of file")
        except Exception as error:  # Whatever a library raises, the file is what matters.
            print(f"{path}: {type(error).__name__}: {error}", file=sys.stderr)
            return 1
    for name, count in sorted(counts.items()):
        print(f"{count:8} {name}")
    if not counts:
        print(f"{root}: no files", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

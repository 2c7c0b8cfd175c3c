"""The page of `cairn graph --format html` in a real browser: search, click, what goes quiet, what the panel shows.

Usage: graph_page_test.py CAIRN PROJECT. Exit code 77 (skipped) when there is no Chromium or no driver for it.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77


def skip(reason):
    print("skipped:", reason)
    sys.exit(SKIPPED)


try:
    from selenium import webdriver
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.support.ui import WebDriverWait
except ImportError:
    skip("python3-selenium is not installed")

browser_path = shutil.which("chromium") or shutil.which("google-chrome")
driver_path = shutil.which("chromedriver")
if browser_path is None:
    skip("chromium is not installed")
if driver_path is None:
    skip("chromium-driver is not installed")

cairn, project = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])


def quiet_boxes(driver):
    return {box.get_attribute("data-box") for box in driver.find_elements(By.CSS_SELECTOR, ".box.quiet")}


def box_of(driver, title):
    for box in driver.find_elements(By.CSS_SELECTOR, ".box"):
        if box.find_element(By.CSS_SELECTOR, "text.title").text == title:
            return box
    raise AssertionError(f"no box {title}")


def check_page(driver, page):
    driver.get(page.as_uri())
    boxes = driver.find_elements(By.CSS_SELECTOR, ".box")
    assert len(boxes) == 17, len(boxes)
    panel = driver.find_element(By.ID, "about")
    assert not panel.is_displayed()

    # Everything fits into the window.
    for box in boxes:
        place = box.rect
        assert 0 <= place["x"] and place["x"] + place["width"] <= 1600, place
        assert 50 <= place["y"] and place["y"] + place["height"] <= 900, place

    search = driver.find_element(By.ID, "search")
    search.send_keys("service")
    WebDriverWait(driver, 5).until(lambda d: d.find_element(By.ID, "count").text == "4 found")
    assert len(quiet_boxes(driver)) == 13, quiet_boxes(driver)
    search.send_keys(Keys.ESCAPE)
    assert quiet_boxes(driver) == set()

    # What has nothing to do with the chosen box goes quiet; what it needs and what needs it does not.
    box_of(driver, "wheel").click()
    quiet = quiet_boxes(driver)
    assert box_of(driver, "unit").get_attribute("data-box") in quiet
    assert box_of(driver, "dev").get_attribute("data-box") not in quiet
    assert box_of(driver, "acceptance").get_attribute("data-box") not in quiet
    assert panel.is_displayed()
    told = panel.text
    for wanted in ("run wheel", "release.stack:", "artifacts", "Waits for", "Is waited for by", "build_cache: uses `build_cache` in `mounts`", "build.wheel.artifacts", '"/build" = build_cache'):
        assert wanted in told, (wanted, told)

    # The keyboard reaches the boxes as well.
    driver.find_element(By.TAG_NAME, "body").send_keys(Keys.ESCAPE)
    assert not panel.is_displayed()
    nginx = box_of(driver, "nginx")
    driver.execute_script("arguments[0].focus()", nginx)
    nginx.send_keys(Keys.ENTER)
    assert "service nginx" in panel.text, panel.text

    # Two boxes may be near each other, never on each other.
    places = [box.find_element(By.CSS_SELECTOR, "rect.card").rect for box in boxes]
    for a in range(len(places)):
        for b in range(a + 1, len(places)):
            one, two = places[a], places[b]
            apart = (one["x"] + one["width"] <= two["x"] or two["x"] + two["width"] <= one["x"]
                     or one["y"] + one["height"] <= two["y"] or two["y"] + two["height"] <= one["y"])
            assert apart, (a, b, one, two)

    errors = [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
    assert errors == [], errors


with tempfile.TemporaryDirectory() as folder:
    page = pathlib.Path(folder) / "graph.html"
    command = [cairn, "graph", "--format", "html", "-f", project / "examples/todobackend/release.stack"]
    page.write_bytes(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    options = Options()
    options.binary_location = browser_path
    for flag in ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                 "--disable-component-update", "--disable-sync", "--window-size=1600,900", f"--user-data-dir={folder}/profile"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    os.environ["NO_PROXY"] = "localhost,127.0.0.1"
    driver = webdriver.Chrome(service=Service(driver_path), options=options)
    try:
        check_page(driver, page)
    finally:
        driver.quit()
print("passed")
